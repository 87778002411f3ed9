"""What agents do and what customers do in a conversation, and the phrases by which it is known.

`ACTS` gives each act its points (above 0: an agent's, below 0: a customer's) and its phrases, in small letters and with
straight apostrophes. The acts explain a role (`role_inference`), and their points count beside the learned weights.
`MACHINE` holds what menus and queues say, and few others; `BOT` what only a bot says of itself.
"""

from __future__ import annotations

ACTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "greets for a company": (3, (
        "thank you for calling", "thanks for calling", "thank you for contacting", "thanks for contacting",
        "thank you for choosing", "thanks for reaching out", "thank you for reaching out",
        "thanks for getting in touch", "thank you for getting in touch", "thank you for your call",
        "thanks for ringing",
        "you're through to", "you are through to", "you've reached", "you have reached", "you're speaking with",
        "you're speaking to", "you are speaking with", "you are speaking to", "welcome to", "my name is @ from",
    )),
    "offers help": (3, (
        "how can i help", "how may i help", "how can we help", "how may we help", "how can i assist",
        "how may i assist",
        "how could i help", "what can i do for you", "what can we do for you", "how can i be of",
        "i'd be happy to help", "i would be happy to help", "i'll be happy to help", "i'm happy to help",
        "happy to help", "glad to help", "i can help you with that", "we're here to help", "i'd be glad to",
        "would like to assist you", "i'm here to help", "let me help you",
    )),
    "offers further help": (3, (
        "is there anything else", "anything else i can", "anything else we can", "anything else you need",
        "any other questions", "any further questions", "any further assistance", "anything further i can",
    )),
    "verifies": (3, (
        "can you verify", "could you verify", "could you confirm your", "can you confirm your",
        "could you please confirm", "can you please confirm", "please confirm your", "for security purposes",
        "for security reasons", "pass security", "date of birth please", "confirm the last", "verify your",
        "with whom am i speaking", "who am i speaking", "confirm your identity",
    )),
    "asks for details of the account": (3, (
        "can i take your", "could i take your", "may i take your", "may i have your", "can i have your",
        "could i have your", "can i get your", "could i get your", "may i have the", "can i take the",
        "what's the order number", "what is the order number", "what is your order", "what's your postcode",
        "what's your name", "what is your name", "please provide your", "could you provide your",
        "could you please provide", "can you please provide", "please dm us", "send us a dm", "dm us your",
        "send us a direct message", "what's your full", "what is your full", "have your account number",
    )),
    "puts on hold or through": (3, (
        "put you on hold", "put you on a brief hold", "put you through to", "transfer you to", "let me transfer you",
        "connect you to", "connect you with", "thanks for holding", "thank you for holding", "thank you for waiting",
        "thanks for waiting", "bear with me", "bear with us", "thank you for your patience", "your patience",
        "i'll pop you on hold", "passing you over to",
    )),
    "looks something up": (2, (
        "let me check that for you", "let me look into", "let me pull up", "let me have a look",
        "let me see what i can do",
        "i can see here that", "i'm showing here", "our records show", "on our system", "on our end",
        "i've got your account", "i have your account", "let me check", "i'll look into", "i will check",
        "let me take a look",
    )),
    "acts for the company": (2, (
        "i've refunded", "i have refunded", "i've issued a refund", "i can offer you", "i'll refund",
        "i've credited", "i've raised a ticket", "i'll escalate", "i have escalated", "i've escalated",
        "as a gesture of goodwill", "your reference number is", "our team will", "i'll arrange", "i've booked",
        "i've processed", "i have processed", "we will process", "we'll send you", "i'll send you", "i will send you",
        "our policy", "customer care team", "customer service team", "call you back", "ring you back",
    )),
    "apologises for the company": (2, (
        "i do apologise", "i do apologize", "on behalf of the company", "sorry for the inconvenience",
        "apologise for the inconvenience", "apologize for the inconvenience", "apologies for the inconvenience",
        "any inconvenience", "we apologise", "we apologize", "we're sorry", "we are sorry", "sorry to hear",
        "i understand your frustration", "i understand how frustrating", "for letting us know",
        "i apologize for the", "i apologise for the", "our apologies",
    )),
    "looks for the fault": (2, (
        "have you tried", "could you try", "can you try", "please try", "which device", "what device",
        "are you able to", "which version",
    )),
    "speaks of the customer's account": (1, (
        "in your account", "on your account", "your order", "your account", "your booking", "your refund",
        "your contract", "your delivery", "your policy", "your reservation", "your appointment", "for you now",
    )),
    "tells why they got in touch": (-3, (
        "i'm calling about", "i am calling about", "i'm ringing about", "i am ringing about", "i'm phoning about",
        "i'm calling because", "i'm ringing because", "i'm calling to", "i'm ringing to", "i'm writing to complain",
        "i'm trying to get through", "i've been on hold", "i was on hold", "i need help with", "i'm having trouble",
        "i have a problem", "i've got a problem", "i'm having an issue", "i am having an issue", "can you help me",
        "could you help me", "can someone help", "i have a question", "please help me", "i need your help",
    )),
    "asks for money back or an end": (-3, (
        "i want a refund", "i want my money", "i'd like a refund", "i would like a refund", "i want to cancel",
        "i'd like to cancel", "i would like to cancel", "i need to cancel", "refund me", "cancel my",
        "i want to return", "i'd like to return",
    )),
    "asks for somebody else": (-3, (
        "speak to a manager", "speak to your manager", "speak to your supervisor", "speak to a supervisor",
        "are you a real person", "i want to speak to", "i need to speak to", "i'd like to speak to", "speak to someone",
        "can i speak to", "talk to someone", "talk to a human", "your manager",
    )),
    "orders or books": (-2, (
        "i'd like to order", "i would like to order", "can i order", "i want to order", "i'd like to book",
        "i would like to book", "i want to book", "i'm looking for a", "i am looking for a", "can i get a",
        "could i get a", "i need a", "i'd like a",
    )),
    "blames the company": (-3, (
        "you people", "you charged me", "you've charged me", "i've been charged", "your company is", "i was charged",
        "you lot", "your company", "your website", "your engineer", "your driver", "your app", "your colleague",
        "your customer service", "i'm fed up", "i am fed up", "i've had enough", "you told me", "you said",
    )),
    "speaks of their own account": (-2, (
        "my order", "my parcel", "my package", "my bill", "my delivery", "my refund", "my broadband", "my internet",
        "my flight", "my booking", "my subscription", "my contract", "my router", "my claim", "my account",
        "my money", "my card", "my phone", "my house", "my bank", "my landlord", "my password", "my laptop",
        "my computer", "my reservation", "my appointment", "my policy",
    )),
    "tells what went wrong": (-2, (
        "i've been waiting", "it never arrived", "i keep getting", "it still hasn't", "hasn't arrived", "not arrived",
        "stopped working", "doesn't work", "isn't working", "not working", "nobody called", "still waiting",
        "won't let me", "i can't log in", "never received", "haven't received", "still not received",
    )),
    "tells what they did": (-1, (
        "i ordered", "i bought", "i paid", "i've paid", "i've called", "i've emailed", "i called", "how do i",
        "why is my", "why was i", "i've tried", "i tried",
    )),
    "speaks of their own life": (-1, (
        "my husband", "my wife", "my mum", "my mom", "my kids", "my son", "my daughter", "my name is",
        "my number is", "my email is", "my address is", "it's under", "ridiculous", "i can't believe",
    )),
}  # fmt: skip

MACHINE = (
    "press #", "press one", "press two", "press star", "press the hash", "press pound", "press hash",
    "your call is important to us", "our menu options have changed", "return to the main menu",
    "to repeat these options", "to hear these options again", "please listen carefully",
    "please hold while we connect", "please hold for the next", "all of our agents are", "all our agents are",
    "all our advisors are", "all our lines are", "all our operators are", "all representatives are",
    "estimated wait time", "your estimated wait", "your place in the queue", "you are number # in",
    "your position in the queue", "after the tone", "after the beep", "para español", "for english press",
    "your call will be answered", "next available agent", "next available representative",
    "next available advisor", "followed by the pound", "followed by the hash", "you can say things like",
    "in a few words tell me", "say or press", "using your keypad", "has joined the chat", "has left the chat",
)  # fmt: skip

# What only a bot says of itself: once is enough.
BOT = (
    "i'm a bot", "i am a bot", "i'm an automated", "i am an automated", "this is an automated", "i'm your virtual",
    "i am your virtual", "i'm a virtual", "i am a virtual", "i'm the virtual", "i am the virtual",
    "i'm your digital assistant", "i am your digital assistant", "i'm your automated", "i am your automated",
    "i'm an ai assistant", "i am an ai assistant", "i'm your ai assistant", "your virtual assistant here",
    "i'm @ your virtual", "i am @ your virtual", "i'm @ the virtual", "virtual assistant here to help",
    "our chatbot here to help", "i'm your chatbot", "i'm a chatbot", "i am a chatbot",
)  # fmt: skip
