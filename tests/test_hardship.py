"""Turns that tell of a loss, fear, illness, grief or hardship are found, and everyday trouble and idioms are not."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan import hardship
from empathy_scan.errors import SchemaError
from empathy_scan.hardship_rules import IDIOMS, RULES
from empathy_scan.tables import TURNS

# Written to be all right: a rule may be changed to suit them.
TELLING = """
My mum died on Tuesday and I need to close her account.
We had to say goodbye to our little girl last month, she passed away in the hospice.
I'm a widow, dear, he always did the bills.
The funeral is on Thursday and the suit still isn't here.
Her ashes were in that parcel.
I lost my husband in April.
my dad was killed in a crash and his phone is still ringing
we lost the baby at twenty weeks
Our cat was put to sleep yesterday and the food keeps coming.
It had the only videos of my late father on it.
I'm the executor, this is about my grandmother's death.
He died of covid at the start.
My brother took an overdose last night.
I missed my sister's wedding because of your train.
I'm in hospital and I can't get to the shop.
My wife has breast cancer and she's waiting for that scarf.
They rushed my son to A&E on Saturday.
He had a heart attack in March and he can't carry it up himself.
She's in intensive care.
my nan has alzheimers and she gave them her card
I've just come out of surgery.
I broke my hip in January so the stairs are out.
My daughter is disabled and she needs that bath seat.
I'm registered blind, so the letter was no use to me.
She's diabetic and the fridge has gone, her insulin is in there.
I suffer from depression and these letters don't help.
I had a panic attack on the platform.
I was diagnosed last week.
My little one is really poorly.
I'm seven months pregnant and I slept on the floor.
Our twins were born prematurely and I'm at the NICU all day.
He's signed off with stress after the accident.
I'm my mother's carer and I can't leave her.
my medication is in that bag
I've been made redundant.
I lost my job in the spring.
He got sacked on Friday, we've no money coming in.
I don't get paid if I'm not there.
I lost two days' wages waiting for your man.
We are being evicted on the first.
I'm homeless at the moment, I'm staying in a hostel.
They're going to repossess the house.
We're sleeping in the car with the dog.
I have nowhere else to go.
I can't afford to put the heating on as it is.
I had to go to the food bank because of this.
We're on universal credit.
You've left me with nothing to eat until Thursday.
I'm three months behind with the rent.
The bailiffs came this morning.
That was the money for the rent.
I'm a pensioner and I live alone.
We can't make ends meet.
I'm skint till Friday.
I was scammed out of all the money I had.
It was my life savings.
I had to borrow money for nappies.
My ex-husband was violent and he has the password.
I have a restraining order against him.
I'm in a women's refuge.
He used to beat me, I can't have him see the bill.
Somebody is stalking me.
I am really frightened of being cut off.
My children are terrified of the noise it makes.
I don't feel safe in the house with that lock.
I'm scared he'll come back.
We had a house fire on Sunday.
The toaster caught fire and burned my hand.
Our kitchen was flooded and we've lost everything.
There's sewage coming up through the floor.
The bedroom ceiling has come down.
I can smell gas and you keep me on hold.
I'm stranded in Lyon with two children.
We're stuck at the station and there's no way home tonight.
I got locked out in the snow with the pram.
The baby is freezing, we've had no heating since Monday.
My mother is eighty-eight and there's no hot water for her.
I've been in tears over it.
I just can't cope with this any more.
I don't know where to turn, I'm at the end of my tether.
I haven't slept for three nights.
I'm heartbroken, that was a present from my gran.
I feel so alone with it.
We're getting divorced and everything is in his name.
""".strip().splitlines()
PLAIN = """
My phone died, so I'm on my sister's.
The battery is dead again.
I'm dying to know what colour you sent.
I'm afraid I can't find the number.
I'm afraid that's not what I ordered.
Nobody has died, take your time.
I was bored to death on hold.
I'm sick of this hold music.
I'm sick and tired of explaining it.
We were just killing time in the shop.
Your prices are killing me.
I could kill for a coffee right now.
The queue was a nightmare but we got there.
I lost my receipt, is that a problem?
We lost connection there, sorry.
I've lost patience with the app.
You'll lose my business if this goes on.
I lost the remote, can I buy another?
The router is on the blink and I work from home.
I work in a hospital and need it before my shift.
Can you deliver it to the hospital reception? I'm the buyer there.
My doctor's surgery has the same model.
The account is disabled, it says.
I disabled the notifications.
I'd like roller blinds in grey.
The fire door doesn't close.
My fire stick won't connect.
He was fired up about the offer.
I'm flooded with emails from you.
We got a flood of adverts from your partners.
The app keeps crashing.
The page keeps freezing when I pay.
The tea was cold when it came.
I keep getting cold calls.
I can't find the button to pay my bill.
How do I pay my rent with your card?
I want to rent a van for two days.
Can I move my savings account to you?
What does the life insurance cover?
I'd like a quote for a funeral plan.
My baby monitor has no picture.
I need a car seat for a three-year-old, which one fits?
The kids love the trampoline, thanks.
My son passed his exam so we want a bigger desk.
My wife is out, can you ring later?
My husband set it up and it works.
My mum wants the same kettle.
My daughter starts school on Monday so mornings are best.
I had to take a day off work to wait in.
I'm off work on Friday, so come then.
The driver broke the glass panel.
The handle has broken off.
The zip is broken.
I pressed it by accident.
I don't want to panic but the date looks wrong.
It gave me a bit of a fright, that bill, but it's correct.
I nearly had a heart attack when I saw the price.
It's a crying shame that it was discontinued.
For crying out loud, answer the question.
Good grief, that took ages.
I'm struggling to find the serial number.
I'm struggling with the app.
I'm stuck on the second page of the form.
I've been stuck in a queue for an hour.
I missed your call, sorry.
I missed the delivery slot.
What's the latest on my order?
It's not urgent at all.
I'm not worried, I'd just like to know.
I'm not ill or anything, I just want the quieter one.
The old one was ten years old.
It was a stroke of luck that I was in.
I want to cancel. I'm done.
This is ridiculous, it's the third time.
You people are useless.
Worst company ever.
Where's my parcel?
I paid forty dollars more than last month.
Can I speak to somebody else?
The colour is not what I expected.
He said he'd ring me back and never did.
The dead pixels are in the corner.
I need it for a birthday on Saturday.
It's pouring with rain, leave it in the shed.
I was charged twice and I want it back.
""".strip().splitlines()

# Written before the first rule; no rule is ever changed to suit them.
UNSEEN_TELLING = """
We lost our daughter in March and her phone contract is still being charged.
I buried my husband on Friday and you keep writing to him.
He passed away three weeks ago, I've got the death certificate here.
I'm ringing from the hospital, my wife's just gone into surgery.
Been off work since the stroke and I can't type very well.
they made me redundant last month so there's no wage coming in
The landlord has given us two weeks to get out and I've nowhere to take the kids.
It's either the meter or food this week, I can't do both.
I left him because he used to hit me and he must not get my new address.
my mum has dementia and she paid it three times because she forgot
There's water coming through the ceiling and I've a newborn in the flat.
we're stuck at the airport with no money and nowhere to sleep
I'm terrified they'll send the bailiffs round.
I've been crying all morning over this letter.
Dad's on oxygen at home and the power's gone off.
She's in a hospice and I wanted the bed delivered before the weekend.
we had a fire and everything in the kitchen is gone
I had a miscarriage and I can't face sending the pram back myself.
I'm on chemo so I can't stand in a queue at the post office.
i haven't slept properly in weeks, i just don't know what to do anymore
It was the last photo I had of my brother before he died.
Please, I'm a single mum on benefits and forty quid is our food for the week.
My ex has been following me and he knows this number.
the car broke down on the motorway, it's dark and I'm on my own with two little ones
I'm in a wheelchair and I can't get down the stairs to collect it.
My son has severe asthma and the damp is making it worse.
Our dog got run over this morning and I need to cancel the appointment.
I got the diagnosis yesterday, it's in my lungs.
Without the insulin fridge I have to throw her medicine away
They cut my hours at the warehouse and I've fallen behind on the payments.
""".strip().splitlines()
UNSEEN_PLAIN = """
My order still says processing, can you tell me when it ships?
I'm afraid I don't have the receipt any more.
the battery died after two hours
I'm sick of ringing you about this.
I lost my password and can't log in.
You people are killing me with these fees.
The connection keeps dropping and the router is dead.
I'd kill for a working kettle at this point.
It fits to a T, thanks, I'm dying to try the other colour.
Do you deliver to hospitals? We're a supplier of chairs.
I work at the hospital so mornings don't suit me.
I want to cancel my life insurance policy.
Nobody died, I just want my refund.
I'm not in any hurry, next week is fine.
Is the fire door included in the price?
I need to change the address on my account because we're moving house.
my payment was declined, is there a problem with the card?
can I pay off the balance early?
I fear we have our wires crossed, I asked for blue.
Bit of a heart attack when I saw the bill, ha, but it's right.
I was stuck in the menu for ages.
My baby monitor won't pair with the app.
It's a crying shame you stopped selling these.
The screen is cracked and the case is broken.
We just had a baby and want to add him to the plan.
My doctor's surgery is on the same street, number twelve.
The manager was fired up to help, fair play.
The delivery driver left it in the flood of parcels by the door.
He's retired now so he has time to wait in.
This queue will be the death of me.
""".strip().splitlines()


def turns_of(*texts, role="customer"):
    rows = [
        {
            "conversation_id": "c1", "channel": "call", "queue": None, "started_at": datetime(2026, 10, 5, tzinfo=UTC),
            "turn": turn, "role": role, "role_source": "column role", "speaker": None, "agent_id": None, "start": None,
            "end": None, "text": text, "source": "a.txt", "format": "text",
        }
        for turn, text in enumerate(texts)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(TURNS.columns), orient="row")


def tells(text):
    return hardship.tells(turns_of(text)).item()


@pytest.mark.parametrize("text", TELLING)
def test_hardship_is_told(text):
    assert tells(text)


@pytest.mark.parametrize("text", PLAIN)
def test_everyday_trouble_is_not_hardship(text):
    assert not tells(text)


def test_sentences_that_shaped_no_rule_are_mostly_right():
    found = sum(map(tells, UNSEEN_TELLING))
    wrong = sum(map(tells, UNSEEN_PLAIN))
    assert found / len(UNSEEN_TELLING) >= 0.9
    assert found / (found + wrong) >= 0.9


@pytest.mark.parametrize(
    "change", [str.upper, str.lower, lambda text: text.replace("'", "’"), lambda text: f"{text} And it is late."]
)
def test_case_apostrophes_and_what_follows_do_not_matter(change):
    missed = [text for text in UNSEEN_TELLING if not tells(change(text))]
    assert missed == []


@pytest.mark.parametrize(
    ("denied", "said"),
    [
        ("Nobody died.", "Somebody told me that he died."),
        ("I'm not in hospital.", "I'm in hospital."),
        ("We were never homeless.", "We were homeless."),
        ("I am not disabled.", "I am disabled."),
    ],
)
def test_what_is_denied_is_not_told(denied, said):
    assert not tells(denied)
    assert tells(said)


def test_a_telling_clause_counts_beside_an_idiom():
    assert tells("I'm sick of ringing you, my wife died in May.")


@pytest.mark.parametrize("role", ["agent", "system", "unknown"])
def test_only_customers_tell(role):
    assert not hardship.tells(turns_of("My wife died in May.", role=role)).any()


def test_the_answer_is_aligned_with_the_rows():
    found = hardship.tells(turns_of("Hello.", "My wife died in May.", "", "Thanks."))
    assert found.to_list() == [False, True, False, False]
    assert found.dtype == pl.Boolean


def test_no_turns_give_no_answers():
    assert hardship.tells(TURNS.empty()).to_list() == []


def test_a_frame_of_another_kind_is_refused():
    with pytest.raises(SchemaError):
        hardship.tells(pl.DataFrame({"text": ["My wife died."]}))


@pytest.mark.parametrize("block", [RULES, IDIOMS])
def test_every_word_of_a_rule_is_one_token_and_small(block):
    # "'m" and the like are tokens only behind the word that they belong to.
    words = {word for rule in hardship._rules(block) for choices in rule.required for word in choices if word[0] != "'"}
    assert [word for word in words if len(hardship._language().make_doc(word)) != 1 or word != word.lower()] == []


@pytest.mark.parametrize("block", [RULES, IDIOMS])
def test_no_rule_stands_twice(block):
    lines = [rule.line for rule in hardship._rules(block)]
    assert sorted(lines) == sorted(set(lines))


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.one_of(st.text(max_size=80), st.sampled_from(TELLING + PLAIN)), max_size=6))
def test_a_turn_is_judged_alone(texts):
    assert hardship.tells(turns_of(*texts)).to_list() == [tells(text) for text in texts]
