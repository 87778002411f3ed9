// What a report does beyond showing: sorting, filtering and searching its tables. Without script every row is shown.
"use strict";
