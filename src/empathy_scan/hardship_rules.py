"""The words and rules by which `hardship` knows a loss, fear, illness, grief or hardship; it says how to read them."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "KIN": "mum mom mam ma mother mummy dad father husband hubby wife missus partner fiance fiancé fiancée"
    " fiancee boyfriend girlfriend son daughter child children kid kids baby babies brother sister nan nana"
    " nanna gran grandma grandmother granny grandad granddad grandfather grandpa grandson granddaughter"
    " grandchild aunt auntie uncle cousin niece nephew twin twins toddler parents friend neighbour neighbor"
    " carer colleague",
    "YOUNG": "baby babies newborn infant toddler toddlers kid kids child children twins grandchildren"
    " grandson granddaughter bairn bairns wean weans little son daughter",
    "FRAIL": "baby babies newborn infant toddler kids children child bairn elderly nan nana gran grandma"
    " granny grandad mum mother dad father pensioner twins son daughter grandmother grandfather",
    "PET": "dog cat puppy kitten pet horse rabbit hamster budgie",
    "MY": "my our his her their the a an your",
    "OWN": "my our his her their",
    "I": "i we",
    "THEY": "he she they who",
    "AM": "'m am m is 's s are 're re was were been be have has had 've ve 'd got get getting just now"
    " still already only also really very so quite both all recently sadly suddenly actually being too"
    " currently literally",
    "NOT": "not n't nt never",
    "CAN": "ca can could",
    "BONE": "hip leg legs arm back ankle wrist foot neck shoulder collarbone pelvis spine ribs skull jaw knee elbow",
    "CRISIS": "freezing cold heating boiler heat warm hungry fever hypothermia shivering dark power electric"
    " electricity water formula milk feed hospital locked trapped mould mold damp asthma crying ill sick"
    " poorly breathing ceiling nappies",
}

RULES = """
# death and grief
KIN|PET AM? AM? AM? died|dying|dead|deceased
KIN|PET AM? AM? passed away|on|over|last|in|this|yesterday|suddenly|recently|just|before|two|three
passed|pass|passing away
THEY AM? AM? died|dies|dying|dead|drowned
KIN of mine died
died|death of|from|at|in cancer|covid|pneumonia|sepsis|birth|hospital|hospice|heart|a|august|march|april|may|\
june|july|september|october|november|december|january|february
lost MY _? _? KIN|PET|husband|mate
lost him|her last|in|on|to|this|at|suddenly|yesterday|three|two|a
losing MY _? KIN|PET
i lost everything|everybody|everyone
loss of MY _? KIN|PET
buried|bury|burying|cremated OWN _? KIN|PET
buried|bury|burying him|her
bereaved|bereavement|widow|widowed|widower|funeral|hospice|coffin|cremation|mourning|grieving|stillborn|\
stillbirth|miscarried|miscarriage|miscarriages|orphaned
MY grief
terminal|terminally ill|cancer|illness|diagnosis|brain
MY late KIN
death certificate
KIN 's|s ashes|death|funeral|wake|headstone|grave
his|her|their ashes|death|headstone|grave
KIN|THEY AM? AM? killed|murdered|drowned|stabbed|shot
suicide|suicidal|overdose|overdosed
kill|killed|hurt|hang myself|himself|herself
NOT want to live anymore|any|without|like
want|wanted|wants to die
PET AM? AM? AM? run over|down
put OWN PET down|to
PET AM? AM? put to|down
only|last photo|photos|picture|pictures|video|videos|message|messages|voicemail|voicemails|recording|thing|\
present|gift i|we|of|that|she|he|from _4 KIN|him|her|them
sentimental|irreplaceable|heirloom|keepsake|keepsakes
missed|miss|missing MY _? _? funeral|wedding|graduation|birth|christening|honeymoon|interview|baptism
# illness, injury and disability
cancer|tumour|tumor|leukaemia|leukemia|chemo|chemotherapy|radiotherapy|dementia|alzheimer|alzheimers|parkinson|\
parkinsons|sepsis|dialysis|epilepsy|epileptic|seizure|seizures|pneumonia|palliative|biopsy|paramedics|paramedic|\
ambulance|ventilator|nebuliser|nebulizer|icu|nicu|meningitis|lymphoma|mastectomy|transplant|amputated|amputee|\
amputation|fibromyalgia|lupus|arthritis|copd|emphysema|psychosis|bipolar|ptsd|anorexia
a|the|had|MY|mini|his|another stroke
had|has|having|have|after|since|from|of MY heart attack|failure|surgery|bypass|operation
heart condition|failure|problems|trouble|disease
intensive care
in|into the|a? hospital
ringing|calling|phoning|home|back|discharged|out|released from|of the? hospital
AM at the hospital
went|go|going|gone|had|get|getting|came|off|straight _2 to the? hospital
hospitalised|hospitalized|hospitalisation|hospitalization
rushed|taken|took|admitted|blue _4 to|in|into the? hospital|a&e|er|theatre|surgery|intensive
out of surgery|theatre
in|into|for|after|from|had|having|has|needs|need|before|undergoing MY? _? surgery|operation
MY _? _? operation|surgery is|was|on|went|next|last
registered|severely|partially|profoundly disabled|blind|deaf|sighted
I AM AM? AM? disabled|blind|deaf|housebound|bedridden|bedbound|paralysed|paralyzed|wheelchair|diabetic|asthmatic|frail
KIN|THEY AM AM? AM? disabled|blind|deaf|housebound|bedridden|bedbound|paralysed|paralyzed|diabetic|asthmatic|\
frail|nonverbal|vulnerable
disabled KIN|man|woman|person|veteran|adult|pensioner|customer
MY disability|disabilities
wheelchair|housebound|bedridden|bedbound|stairlift|mobility
KIN 's|s carer
full time carer
i|we care for MY
asthma|insulin|inhaler|epipen|diabetes
on|MY|home|without oxygen
oxygen machine|tank|concentrator|supply
feeding tube
OWN medication|medicine|medicines|meds
need|needs|without _? _? medication|medicine|medicines|meds|tablets
MY anxiety|depression|breakdown|epilepsy|ptsd
suffer|suffers|suffering from|with
anxiety attack|attacks
panic attack|attacks
nervous|mental breakdown|health|illness
self harm|harming
I AM AM? AM? depressed|anxious|poorly|ill|unwell|bedbound|concussed|injured
I AM AM? AM? sick
feel|feeling|felt|fallen|fell|taken ill|unwell|poorly|suicidal|hopeless|unsafe
KIN|THEY AM AM? AM? ill|sick|unwell|poorly|injured|vomiting|bleeding|unconscious
seriously|critically|gravely|very|chronically|really ill|unwell|sick|poorly
ill|sick|disabled|dying|vulnerable|injured KIN
off sick
been|am|'m|is off work with|since|sick|through|because
been off work
signed off
diagnosed|diagnosis|prognosis
in pain|agony|labour
chronic pain|illness|condition|fatigue
broke|broken|broken|fractured|shattered MY BONE
had|has|having MY _? _? fall|stroke|seizure|breakdown|fit|accident|crash|relapse|termination|abortion
fell|fallen down|off|over _2 stairs|steps|ladder|outside
KIN|THEY AM? AM? collapsed|fainted|fell
allergic reaction
anaphylactic|anaphylaxis|anaphylactic
food poisoning
burnt|burned|scalded|cut|injured|hurt|electrocuted MY hand|hands|arm|face|leg|fingers|finger|KIN
electric|electrical shock
electrocuted
car|motorbike|road|bike|bad|serious crash|accident
in an accident|emergency
in a crash|collision|coma
months|weeks|heavily pregnant
pregnant wife|girlfriend|daughter|partner|sister
I AM AM? AM? pregnant
KIN AM AM? AM? pregnant
premature|prem baby|babies|twins|labour
born premature|prematurely|early|asleep
ivf
# work
made|making redundant
redundancy|redundancies|unemployed|unemployment
lost|lose|losing|losses MY _? job|jobs|livelihood|business|house|home|flat|farm|income|shifts|shift|wages|pay
lost|lose|losing|missed a|two|three|four|five|2|3|4|5|another _? shift|shifts|wages|wage|pay|income
day|days|week|weeks|month|months 's|'? pay|wages|wage
got|getting|been|was|were|being|AM fired|sacked
laid|lay off
out of work
cut|cutting|reduced MY hours|pay|wages
no wage|wages|income|pay|work coming|at|this|for|until
without income|pay|wages|work
n't|not get paid if|for|when|unless
zero hours|hour
# home
evict|evicted|evicting|eviction|homeless|homelessness|repossess|repossessed|repossession|foreclosure|foreclosed
nowhere to|else live|go|sleep|stay|take|to
nowhere for MY
kicked|thrown|throwing|kicking us|me|him|her? out
landlord _6 out|evict|notice
sleep|sleeping|slept|living|live in|on MY car|van|sofa|floor|street|streets|airport|hostel|shelter|station|tent
in|at temporary accommodation
I|THEY AM AM? in|at MY _? refuge|shelter|hostel
living|staying|stay|moved in|at|to|into MY? _? refuge|shelter|hostel
from MY? refuge|hostel
# money
CAN NOT afford
food bank|banks|stamps
universal|tax credit
on benefits|disability|pip|jobseekers
I|KIN|THEY AM? _? bankrupt
bailiff|bailiffs|arrears|bankruptcy|insolvent|insolvency|breadline|skint|destitute|penniless|payday|overdrawn
in|into MY? debt|overdraft
debt|debts collector|collectors|keeping|piling|mounting
OWN debt|debts
I AM AM? AM? broke|poor|struggling|desperate|starving|hungry
no|any money for|left|until|till|to|coming|in
no food in|left|for|until|till|at
out of|no money|cash food|at|until
nothing|enough to|for|left eat|food|live|heat
NOT eat|eaten|eating _? since|for|properly|today|until|till|tonight
skip|skipping|skipped meals|lunch|dinner
feed MY? KIN|family|them
money|paid|need|use|used|needed|cash for|on|my|our the|my|our? rent|food|heating|nappies|formula|groceries|\
mortgage|gas|shopping|electric
rent money|bounced
NOT pay MY rent|mortgage|bills
behind on|with MY? rent|payments|mortgage|bills|everything
struggling|struggle|struggled to|with|financially pay|make|cope|feed|heat|money|eat|survive|manage|walk|breathe
struggling|hard financially|up|for money
CAN|do|barely NOT? make ends meet
heat|heating or|and eat|food
eat|food|eating or|for heat|heating|meter|the
food|meals for MY week|kids|children|month|baby|weekend
heat|heating|meter|rent|electric|gas|bills or food
a|an|'m|as|are|am|two pensioner|pensioners|oap
state pension
live|lives|living alone
live|lives on|by|off MY|his|her|my? own|herself|himself|pension
single mum|mom|mother|mam|dad|father|parent
life savings
MY savings
last tenner|fiver|penny|pennies|pound|pounds|dollar|dollars
all|only the? money i|we have|had|'ve|got
every penny
been|was|got|were|being scammed|conned|burgled|robbed|mugged|defrauded|assaulted|attacked|raped|stalked|trafficked
# violence and fear
domestic violence|abuse|abuser|violent
abusive|violent ex|husband|partner|relationship|father|boyfriend|wife|marriage|man|home
husband|ex|boyfriend|partner|he|she|father|wife _4 hit|hits|beat|beats|beating|hurt|hurts|strangled|attacked|\
attacks|threatened|punched|choked|raped me|us|her|my
stalker|stalking|stalked
restraining|molestation|protective|protection order
MY ex _6 follow|following|followed|find|finds|found|track|tracking|threatening|threatened|harassing|stalking|\
where|come|violent|in|password|address
assaulted|assault|raped|rape|molested
women 's|s aid|refuge|shelter
safe house
fled|fleeing|escaped|escaping|hiding from|my|an|from him|her|ex|husband|abusive|ukraine|war|home|domestic
I AM AM? AM? scared|frightened|terrified|petrified|afraid
KIN|THEY AM AM? AM? scared|frightened|terrified|petrified
scared|afraid|terrified|frightened to|of|for|that|he|they|she|witless|stiff
scares|scared|frightens|frightened|terrifies|terrified me|us|her|him
I AM? AM? panicking|shaking|trembling
hands are|'re shaking
worried sick
I AM AM? AM? worried about|for MY _? KIN|safety|health|life|baby
fear|fearing|feared|frightened|worried for MY life|safety|lives
n't|not|never feel|felt|feeling safe
unsafe|danger to|for|in|at|with MY|home|us|me|live
in danger
# fire, water and other disasters
house|kitchen|flat|chip|electrical|wild|forest fire|fires
had|was|been|caused|started|after|from a|the fire
caught|on|catch|went fire
up in flames|smoke
burnt|burned|burning down
smoke inhalation|everywhere|pouring|coming
wildfire|wildfires|hurricane|tornado|earthquake|landslide|cyclone
flooded|flooding
a|the|MY|after|since flood|floods
water AM? AM? coming|pouring|running|dripping|gushing|leaking|came|poured through|down|in|into|out
sewage|raw everywhere|coming|in|sewage|backing
ceiling|roof AM? AM? collapsed|come|came|fell|fallen|caved|falling|down
gas leak
smell|smells|smelling|smelt of? gas
carbon monoxide
power cut|outage _6 KIN|medical|oxygen|freezer|elderly|baby
lost everything
# stranded
stranded|marooned
stuck at|in|on|by|outside MY? _? airport|motorway|station|roadside|side|road|snow|middle|abroad|hospital|lift|\
elevator|dark|rain|cold|highway|freeway|terminal|layby|foreign
no way|money|means home
no way|money|means of|to getting|get MY? home|back|there|hospital
CAN NOT get home|to|back|out _? _? home|hospital|stairs|bed|house|bath|flat|there|work|funeral
broke|broken|breakdown down|on|at _5 motorway|road|highway|roadside|shoulder|nowhere|freeway|dark
on MY own with
locked|shut|trapped in|out|outside|inside _5 KIN|YOUNG|cold|dark|lift|elevator|rain|snow|night
trapped
miles|hours from home
# somebody at risk
FRAIL _8 freezing|cold|shivering|hungry|hypothermia|fever|mould|mold|damp|asthma|breathe|breathing|poorly
freezing|cold|shivering|hungry|mould|mold|damp|heating|boiler|heat|hot|power|electric|electricity|dark|ceiling \
_8 baby|babies|newborn|infant|toddler|toddlers|kids|children|elderly|bairn|pensioner|twins|little
FRAIL _8 heating|boiler|hot|electricity|electric|warm|power|water|formula|nappies|milk|medicine
no|without heating|heat|hot|water|power|electric|electricity _8 week|weeks|days|winter|christmas|minus|freezing|\
snow|nights|night
newborn
year|years|month|months|week|weeks|day -? old|olds _8 CRISIS
no|without|CRISIS _8 year|month|week|day -? old|olds
elderly KIN|woman|man|lady|gentleman|person|resident|residents|couple|neighbour|relative|in
special needs
vulnerable adult|person|customer|child|people|mother|mum
# at the end of one's strength
I AM? AM? AM? crying|sobbing|cried|wept|weeping|sobbed
I AM? AM? AM? in tears|bits|pieces|despair|shock|distress
in floods|tears of|all|on|at|over|right|now|when|here
made|makes|making me|her|him|us cry
KIN|THEY AM AM? crying|sobbing|distraught|devastated|heartbroken
heartbroken|heartbreaking|devastated|devastating|distraught|traumatised|traumatized|traumatic|traumatising
CAN NOT cope|breathe|sleep|walk|stand|eat|carry|go take|it|with|on|any|at|or|for|more|anymore|properly|because|\
alone|up
CAN NOT cope|breathe|sleep|walk
NOT coping
NOT slept|sleep|sleeping|eaten
end of|at MY tether|rope
wit|wits 's|' end
wits end
breaking point
rock bottom
do NOT know what|where else? to do|go|turn
do NOT know what|how i|we|to 'm|'ll|can|will|are|cope|manage|survive|tell
lost|losing all? hope|will
so|all|completely alone
lonely|loneliness
divorce|divorced|divorcing
prison|jail|deported|deportation|asylum|refugee
custody
NOT face sending|seeing|looking|going|telling|another|it|the
"""

IDIOMS = """
dying to|for|of _ hear|see|know|try|get|find|use|play|the|a|read|meet
dying to|for
nobody|nothing|anybody|anyone|noone died|'s|has|dead|is dead?
no one|- one|died? died?
phone|battery|laptop|router|kettle|washer|dryer|fridge|freezer|boiler|car|tablet|screen|hub|tv|app|modem|\
machine|engine|oven|connection|line|printer|camera|headset|microwave|toaster|motor AM? AM? AM? died|dying|dead|\
passed
dead line|battery|phone|link|end|zone|pixel|pixels|on|slow
died on me|us
dead serious|right|on|simple|easy|slow|certain|good|set
bored|scared|tired|worked|starved|worried|frightened|sick to death
scared to death|you
sick and|& tired
sick of|joke|to
so|really|very|just|absolutely|bloody|am|'m|was sick of
afraid not|so|i|that|it|we|the|you|there|this|my|your|to of? say|ask|admit|report
afraid not|so|i|that|it|we|the|you|there|this|my|your|.|,|!|;|but|and
crying|cry|cried|tears|crying of|with|from|for laughter|laughing|happiness|joy|the? good?
not|n't|never|nt afraid|scared to|of|that
scared off|away
killing me|time|us
killed time|me|it
kill for|time|two
crying shame|out
for crying out
good grief
death of me
heart attack when|at|looking|seeing|over|from|opening
gave|give|giving|gives me|us|him|her MY _? heart
nearly|almost|practically had|have|died|dying|cried MY? heart? attack?
bit of a heart attack
stroke of luck|genius|midnight
fired up|it|off
fire door|doors|stick|tv|tablet|alarm|alarms|extinguisher|blanket|sale|away|pit|retardant|surround|safety|\
rating|guard|resistant|exit|wall
on fire today|lately
caught|under friendly? fire
flood|floods of emails|mail|messages|calls|parcels|adverts|ads|reviews|offers|complaints|texts|spam
flooded|flooding with|by|my emails|calls|messages|texts|ads|adverts|offers|inbox|spam|phone
flooding|flooded me|us
in danger of
to be scared|afraid|frightened of
middle seat|seats
middle of a|an|the? call|meeting|chat
flood light|lights|lamp|lighting
funeral plan|plans|cover|insurance|director|directors|policy|flowers
life insurance|assurance
work|works|working|worked|job|shift|shifts|nurse|deliver|supply|doctor|porter|parking|supplier at|in|for|to|\
near|as MY? _? hospital|hospitals|hospice|icu|ambulance|care
work|works|working in|at|as|for a|an|the? _? hospital|hospice|icu|refuge|shelter|hostel|homeless|ambulance|\
intensive|funeral
opposite|near|beside|behind|past|next|by the|to the? hospital
hospital road|street|lane|car|parking|radio|appointment|corner
doctor|doctors|gp|vet|vets|dental|dentist 's|s|' surgery
account|card|profile|button|feature|cookies|login|option|it|setting|settings|device AM? AM? AM? disabled|\
blocked|frozen|locked|blind
disabled my|the|it|your|cookies|javascript account|card|login|profile|notifications?
blind|blinds spot|date|faith
roller|roman|venetian|window|blackout blind|blinds
turn|turned|turning MY blind
baby monitor|gate|seat|wipes|clothes|shower|steps|blue|pink|bath|carrier|sling|chair|grow|cot
single|double|king|queen|ex|ex- parent|display
lost my|the|our|your password|receipt|card|number|place|patience|mind|temper|keys|phone|connection|signal|order|\
parcel|ticket|invoice|pin|login|interest|way
lost my|our|his|her KIN 's|s parcel|order|package|card|ticket
lost|lose MY KIN 's|s
lost|lose me|us|you there|as|on|at|again
lost my business as|if|for|to|because
lose|lost|losing my|our business
cut off|out
broke|broken the|my|our screen|handle|glass|box
stuck in the|a|your? menu|queue|loop|phone|traffic
stuck on hold|the
panic over|not|button
do|did NOT panic
NOT|no|without worried|worry
car|bike seat|park|parking
back pain|pack|up|order
cold call|calls|caller|callers|feet|brew|drink|drinks|water|fish|fridge
freezing up|screen|and|when|every
screen|app|page|site|picture|laptop|computer|game|stream|video|tv|it|phone keeps|is|was|'s|kept|just freezing|\
crashing|frozen
app|site|website|page|system|laptop|computer|program|game crash|crashed|crashes
by accident
accident cover|insurance|policy
breakdown cover|of|policy|recovery|service
debt free
savings account|on|of
rent a|the van|car
mobility scheme
dead|drop - ends?
alone is|cost|costs|was|that
let|leave|leaving me|it|that|us alone
hands down
to die for
die hard
i 'd rather die
or die trying
would|'d|could|can die|kill for
passed|pass away? the|on|me|it|my|his|her|along to|message|details|test|exam|mot|driving|complaint
pass|passed on|over to|my|the|this|that
old|new - school|fashioned
year - old|olds? kettle|sofa|laptop|phone|boiler|tv|car|fridge|contract|account|policy|router|computer|tablet|\
washing|machine|system|house|model|device
custody of
struggling|struggle|struggled to|with find|log|understand|see|get|connect|open|the|this|your|work|set|download|\
hear|upload|use|reset|app|instructions
mental price|prices
out of work top|tops|hours
had an accident with|on the|my|your? form|website
missed|miss|missing MY _? _? appointment|call|delivery|email|slot|sale|deal|offer|discount
good|bad|black|red friday
fall|falls apart|off|out|back|short
stroke|strokes of|- of
signed|sign off on|by|the
day off work
take|took|taken|taking|have|had|book|booked|get|got|day|days|morning|afternoon|time|been off work to|for|again|\
today|tomorrow|waiting
off work at|by|early|until
took|take|taking|had|have a|the|another|two|three day|days|morning|afternoon off work
sent|went off
on benefits of
divorced from reality
prison food
"""
