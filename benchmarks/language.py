"""How often English conversations are set aside for their language, and how often other languages are noticed.

    python benchmarks/language.py CORPUS.jsonl.gz... [--most 3000] [--show]

A corpus is JSON Lines of `{"conversation_id", "turns": [{"role", "text"}]}`. `--show` prints the reason and the first
words of each conversation that is set aside: real corpora hold other languages, so that only reading them tells which
were set aside by mistake. The sentences in other languages below were written for this measurement.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from itertools import islice
from pathlib import Path

import polars as pl

from empathy_scan import language
from empathy_scan.tables import TURNS

LANGUAGES = ["en"]
SENTENCES = {
    "German": (
        "Guten Tag, mein Paket ist immer noch nicht angekommen.",
        "Ich habe schon dreimal bei Ihnen angerufen.",
        "Das tut mir sehr leid, ich schaue sofort nach.",
        "Können Sie mir bitte Ihre Kundennummer nennen?",
        "Die steht leider nicht auf der Rechnung.",
        "Dann schicken wir Ihnen morgen ein neues Gerät.",
        "ja gut aber wer bezahlt mir jetzt den freien tag",
        "Vielen Dank für Ihre Geduld und einen schönen Abend.",
    ),
    "French": (
        "Bonjour, je n'ai toujours pas reçu ma commande.",
        "Cela fait trois semaines que j'attends une réponse.",
        "Je suis vraiment désolée pour ce retard, madame.",
        "Pouvez-vous me donner votre numéro de client ?",
        "je ne le trouve pas sur la facture",
        "Nous allons vous rembourser dès demain matin.",
        "Ma mère est malade et elle a besoin de ce lit.",
        "Merci beaucoup, bonne journée à vous.",
    ),
    "Spanish": (
        "Buenos días, llevo dos horas sin conexión en casa.",
        "Nadie me contesta cuando llamo por teléfono.",
        "Lamento mucho las molestias, voy a revisarlo.",
        "¿Me puede decir su número de contrato, por favor?",
        "no lo tengo aqui pero vivo en la calle mayor",
        "Mañana por la mañana irá un técnico a su domicilio.",
        "Siempre me dicen lo mismo y nunca viene nadie.",
        "De acuerdo, muchas gracias por su ayuda.",
    ),
    "Portuguese": (
        "Boa tarde, cobraram duas vezes no meu cartão.",
        "Já falei com três pessoas e ninguém resolve nada.",
        "Peço desculpa pelo transtorno, vou verificar agora.",
        "Pode me informar o número do seu pedido?",
        "nao sei onde fica esse numero no site",
        "O valor será devolvido em até cinco dias úteis.",
        "Meu filho depende desse remédio, entende?",
        "Muito obrigado pela atenção e bom fim de semana.",
    ),
    "Italian": (
        "Buongiorno, la caldaia non funziona da ieri sera.",
        "Ho due bambini piccoli e fa molto freddo.",
        "Mi dispiace davvero, controllo subito la pratica.",
        "Mi può dire il codice del cliente, per favore?",
        "non ce l'ho qui con me adesso",
        "Il tecnico passerà domani tra le otto e le dieci.",
        "Speriamo bene, l'altra volta non è venuto nessuno.",
        "Grazie mille per la sua pazienza, buona giornata.",
    ),
    "Dutch": (
        "Goedemiddag, mijn bestelling is nog steeds niet binnen.",
        "Ik heb al twee keer gebeld en niemand weet iets.",
        "Wat vervelend voor u, ik ga het meteen nakijken.",
        "Mag ik uw klantnummer en uw postcode hebben?",
        "die heb ik nu even niet bij de hand",
        "We sturen morgen een nieuwe bank naar uw adres.",
        "Mijn man ligt in het ziekenhuis, ik kan niet wachten.",
        "Hartelijk dank en nog een prettige avond verder.",
    ),
    "Polish": (
        "Dzień dobry, moja paczka jeszcze nie dotarła.",
        "Dzwonię już czwarty raz w tej samej sprawie.",
        "Bardzo mi przykro, zaraz to sprawdzę.",
        "Czy może mi pani podać numer zamówienia?",
        "nie mam go teraz przy sobie",
        "Zwrócimy pieniądze na konto w ciągu trzech dni.",
        "Zawsze tak mówicie, a potem nikt nie oddzwania.",
        "Dziękuję za pomoc i życzę miłego dnia.",
    ),
    "Russian": (
        "Здравствуйте, мой заказ так и не привезли.",
        "Я звоню вам уже третий раз за неделю.",
        "Мне очень жаль, сейчас всё проверю.",
        "Назовите, пожалуйста, номер договора.",
        "у меня его сейчас нет под рукой",
        "Курьер приедет завтра до обеда.",
        "Вы каждый раз это обещаете.",
        "Спасибо за терпение, хорошего вечера.",
    ),
}


def frame(conversations: list[list[tuple[str, str]]]) -> pl.DataFrame:
    """TURNS of conversations that are lists of role and text."""
    rows = [
        {"conversation_id": str(number), "turn": turn, "role": role, "text": text}
        for number, turns in enumerate(conversations)
        for turn, (role, text) in enumerate(turns)
    ]
    given = pl.DataFrame(rows, schema_overrides={"turn": pl.Int32}).with_columns(
        pl.lit("").alias(name) for name in ("channel", "role_source", "source", "format")
    )
    missing = [pl.lit(None, kind).alias(name) for name, kind in TURNS.columns.items() if name not in given.columns]
    return given.with_columns(missing).select(TURNS.columns.keys())


def outcome(turns: pl.DataFrame) -> tuple[pl.DataFrame, language.Heard, pl.DataFrame]:
    """What a scan keeps, what was heard, and the rejects."""
    heard = language.listen(turns, LANGUAGES)
    kept, wholly = language.set_aside(turns, heard, LANGUAGES)
    kept, one_sided = language.leave_out(kept, heard, LANGUAGES)
    return kept, heard, pl.concat([wholly, one_sided])


def of_corpus(path: Path, most: int, *, show: bool) -> None:
    """One line about a corpus, and with `show` one for each conversation that is set aside."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        talks = [[(turn["role"], turn["text"]) for turn in json.loads(line)["turns"]] for line in islice(lines, most)]
    turns = frame(talks)
    began = time.perf_counter()
    kept, heard, rejects = outcome(turns)
    speed = (time.perf_counter() - began) / turns.height * 1e6
    print(
        f"{path.name}: {len(talks):,} conversations, {turns.height:,} turns; set aside {rejects.height}"
        f" ({rejects.height / len(talks):.2%}), mixed {language.mixed(kept)}, too short to tell {heard.assumed};"
        f" {speed:.0f} us a turn"
    )
    for row in rejects.iter_rows(named=True) if show else ():
        print("  ", row["reason"], "|", " / ".join(text[:50] for _, text in talks[int(row["place"])][:4]))


def of_languages() -> None:
    """One line per language: sentences that are told alone, and conversations of four that are set aside."""
    for name, sentences in SENTENCES.items():
        alone = language.listen(frame([[("customer", text)] for text in sentences]), LANGUAGES).foreign
        fours = [sentences[start : start + 4] for start in range(len(sentences) - 3)]
        talks = frame([[(("customer", "agent")[n % 2], text) for n, text in enumerate(four)] for four in fours])
        mixture = [[("customer", "My parcel is lost and nobody will tell me why."), *[("customer", text)],
                    ("agent", "I am sorry, that is not what you should have to hear."), ("customer", "Thank you.")]
                   for text in sentences]  # fmt: skip
        kept, _, rejects = outcome(frame(mixture))
        _, _, whole = outcome(talks)
        print(
            f"{name}: {alone.height} of {len(sentences)} sentences, {whole.height} of {len(fours)} conversations;"
            f" left out of English conversations {language.mixed(kept)} of {len(sentences)}, rejects {rejects.height}"
        )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="*", type=Path)
    parser.add_argument("--most", type=int, default=3000, help="conversations of each corpus")
    parser.add_argument("--show", action="store_true", help="tell of each conversation that is set aside")
    options = parser.parse_args()
    of_languages()
    for path in options.corpora:
        of_corpus(path, options.most, show=options.show)


if __name__ == "__main__":
    main()
