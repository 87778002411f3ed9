"""Which words are hardly ever names: what `redact` leaves alone where a name is to be expected."""

from __future__ import annotations

import re

# Small words within names: Abdul al-Farsi, Anna van der Berg, Omar bin Said.
PARTICLES = frozenset(
    {"al", "el", "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le", "bin", "bint",
     "ibn", "ben", "ter", "ten", "st"}
)  # fmt: skip
# Words that follow "name is", "this is" or "I'm" without being a name.
NO_NAME = (
    "a|sirs|about|absolutely|account|actually|added|again|all|also|always|an|and|as|associated|at"
    "|attached|back|because|being"
    "|but|by|called|calling|changed|clearly|correct|customer|definitely|different|er|erm|for|from"
    "|going|gone|good|great|happy"
    "|hello|here|hi|had|has|how|i|i'm|i’m|i've|i’ve|if|important|in|incorrect|invalid|is|isn't|it"
    "|it's|just|linked|listed|literally"
    "|missing|my|need|needed|no|not|now|of|on|only|or|our|out|please|printed|probably|really|registered|required"
    "|right|same|sir|so|sorry|speaking|spelled|spelt|still|straight|supposed|sure|team|than|thank"
    "|thanks|that|that's|the|their"
    "|then|there|they|this|to|too|uh|um|under|urgent|used|very|we|well|what|when|where|which|who|why"
    "|will|with|written|wrong"
    "|yeah|yes|yet|you|your|mr|mrs|ms|mx|miss|dr|prof|ridiculous|unacceptable|everyone|madam|ma'am"
    "|support|service|services|care|mister|missus|doctor|street|telephone|address|phone|email|number"
    "|surname|city|postcode|device|first|last|full|company|order|name|date|monday|tuesday"
    "|wednesday|thursday|friday|saturday|sunday|tomorrow|today|bye|goodbye|folks|guys|both|dear|have|me|any|regards"
)
# First names and surnames that are common words: replaced only beside another part of a name or after a greeting.
_NAMES_TOO = (
    "amber an april art august baker banks be bell best bill bird bishop black blue bond booth bright brook brooks "
    "brown burns bush camp case cash chance chase church clay cloud cook cross da daisy dawn day de dean do dollar don "
    "drew duke early east faith fall field fields fine fish fisher flowers ford forest fox frank frost gates ginger "
    "good grace gray green grey guy hall hand hands hardy hazel head high hill honey hope house hunt hunter in iris "
    "ivy jack jasmine jewel job jobs joy june justice key keys king knight la land lane law le light lily little long "
    "lord love lucky major mark marsh mason may melody mercy miles miller money moon my noble north olive page palm "
    "park parks pat patience pearl penny person pine piper place pond pope porter post potter power powers price rain "
    "ray read reed rice rich rivers rob robin rock rose ruby rush sage see sharp shell short silver skip sky small "
    "smart snow so stone storm street strong sue summer sunny sweet swift temple to trip true turner van violet walker "
    "wall ward water waters way weaver week wells west white will winter wise wish wolf wood woods word worth york "
    "young"
)
ALSO_WORDS = frozenset(_NAMES_TOO.split())
# Words of everyday English and of service conversations that are no part of a name, where one is asked for or given.
_EVERYDAY = (
    "abuse aha bursar colorbond council groet hm hmm howya kundenservice mega mpesa oops ooh ouch reservations revolut rupay "
    "swish taxpayer a able about above absolute absolutely account accounts across actually address after afternoon again against age "
    "ago ahead all almost alone already alright also although always am amount an and angry annoyed annoying another "
    "answer any anybody anymore anyone anything anyway appalled appalling app apparently are around as ask asked at "
    "aware away awful back bad bank be because become been before began begin behind being believe below best better "
    "between beyond big bill billing bit black blue bloody blind book booked booking both bother bought box bring "
    "british broadband broke broken brother brought business but buy by bye call called caller calls came can cancel "
    "cancelled cannot cant card care case cash certainly change changed charge charged chat check cheers children "
    "claim clear clearly close code cold come coming company complain complaint complete completely computer concerned "
    "confirm confused contact contract correct cost could couldnt couple course credit cross current currently "
    "customer customers damaged data date daughter day days dead deaf deal dear december debit deliver delivered "
    "delivery desperate details devastated did didnt different direct disabled disappointed disgusted disgusting do "
    "doctor does doesnt doing done dont door double down driver due each early easy effort either else email end "
    "engineer english enough er erm error even evening ever every everyone everything evidently exactly except excuse "
    "expect expected explain extra extremely fact fair family far fast fault faulty february fed feel fees few final "
    "finally find fine first five for forget found four fraud free friday friend from front full fully fuming furious "
    "gas gave get getting girl give given go goes going gone good goodbye got great green guess guys had half "
    "hang happen happened happy hard has hasnt hate have havent having he hear heard hello help helpful her here hers "
    "hey hi high hill him his hold holiday home honest honestly hope hour hours house how however huge hundred husband "
    "i id idea if ill im important impossible in including incredibly information instead insurance internet into is "
    "isnt issue issues it item items its itself ive january job july june just keep keeps kept kid kids kind know "
    "known lady large last late lately later least leave left less let letter letters lets like line link list listen "
    "little live lived living lovely local locked long longer look looking looks lose loss lost lot lots love luck "
    "made mail make making man manager many march married matter "
    "may maybe me mean meant meanwhile message middle mind mine "
    "minute minutes miss missed missing mister mobile moment monday money month months more morning most mother move "
    "moved mr mrs ms mum much must my myself name named names nan near nearly need needed needs neither never new "
    "next nice night nine no nobody none noon nope nor normal not note nothing notice november now number numbers o "
    "october odd of off offer office often oh ok okay old on once one online only open option or order ordered orders "
    "original other others our ours out outside over own owner package page paid parcel part party password past pay "
    "payment payments people per perfect person phone phoned pick place plan please plus point policy poor possible "
    "post postcode pregnant price probably problem problems product proper proud pub pure put question quick quickly "
    "quite ready real really reason receipt received recently record reference refund refunded refuse regarding "
    "reply report rest return returned returns ridiculous right ring room round rubbish rude run safe said sake same "
    "sat saturday save saw say saying says second security see seems seen send sent september service serious "
    "seriously set seven several shall she shes shop short should show sick side signed simple simply since single "
    "sir sister sit six slow small so sold some somebody someone something son soon sorry sort spare speak speaking "
    "special spell spelled spelt spoke spoken standard start started state stay still stop store straight stressed "
    "stuck stuff stupid such sunday super supervisor support suppose supposed sure surely surname system take taken "
    "taking talk talking team tell ten terrible than thank thanks "
    "that thats the their theirs them then there theres these "
    "they theyre thing things think third this those though thought thousand three through thursday ticket till time "
    "times tired to today together told tomorrow tonight too took top total totally track tracking train tried true "
    "trust try trying tuesday turn twelve twenty twice two type uh um under understand unacceptable unable "
    "unbelievable unfortunately unhappy until up update upset urgent us use used useless using usual utter utterly "
    "very via visit vulnerable wait waited waiting walk want wanted wants warranty was wasnt waste wasted watch water "
    "way we wednesday week weeks welcome well went were what whatever whats when where whether which while white who "
    "whole whom whose why wife will with within without woman wonder wont word words work worked working works world "
    "worried worse worst worth would wouldnt write wrong wrote yeah year years yep yes yesterday yet you young your "
    "youre yours yourself youve zero "
    # insults and outcry, which must reach the model
    "arse arsehole ass asshole bastard bastards bitch bollocks bugger bullshit clown clowns cow crap crook crooks "
    "crooked cunt daft damn damned daylight deeply disgrace dumb evil fool fools forever fuck fucked fucker fuckin "
    "fucking goddamn heartbroken hell hurt idiot idiots incompetent insane insult joke jokers kidding liar liars lies "
    "loser lying mad mate mental monster moron morons muppet muppets nasty nightmare numpty nuts pathetic petty piss "
    "pissed pig pigs prick racist rip robbers robbery rotten scam scammer scammers scum sexist shambles shambolic "
    "shameful shame shit shite shitty shut shocking shocked sick suck sucks theft thick thief thieves thugs tosser "
    "twat vile wanker wankers worthless wtf "
    "sirs tel underscore hyphen dash slash bravo alpha delta foxtrot kilo oscar papa sierra tango uniform medicare medicaid ja nein oui si tx ok yep "
    # what stands after "it's" and "this is" in capitals: firms, things, peoples
    "bedankt danke merci gracias obrigado obrigada takk tack grazie "
    "african airlines airways amazon american apple asian australian bank black boxing canadian christian christmas "
    "deliveries digital dutch easter electric electricity energy european express french galaxy german google group "
    "indian insurance iphone irish italian jewish limited ltd microsoft muslim new plc polish prime rail royal samsung "
    "scottish spanish telecom trains travel united version welsh windows year"
)
_ORDINARY = frozenset(_EVERYDAY.split())
# Endings that names of such a length hardly have: disappointed, incredibly, complaining, subscription, unhelpful.
_ORDINARY_END = re.compile(r".{6,}(?:(?:ed|ing|ly)(?<=.{9})|tion|ment|able|ible|ful|ness|ous)")
_CONTRACTED = re.compile(r"(?:n't|'(?:s|m|re|ve|ll|d))$")


def is_ordinary(word: str) -> bool:
    """Whether a word, in whatever case and also contracted (`don't`, `that's`), is hardly ever a name."""
    small = _CONTRACTED.sub("", word.lower().replace("’", "'"))
    return small in _ORDINARY or _ORDINARY_END.fullmatch(small) is not None
