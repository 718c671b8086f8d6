"""Tongues: a message in a language that nothing here reads, and the answer that says so in it."""

from __future__ import annotations

from collections.abc import Mapping

from retrieval.text import words

_WORDS: Mapping[str, frozenset[str]] = {  # the commonest that no English text has, without their accents
    language: frozenset(listed.split())
    for language, listed in {
        "de": "ich und der das ein eine einen einem nicht fur mit suche mein meine meinen wie ist haben gibt bitte "
        "auf etwas wir mag mochte konnen sie von uber oder auch noch hallo danke kann man bei zum zur",
        "fr": "je et le les une des pas pour avec cherche mon mes est vous quel quelle bonjour merci du au qui dans "
        "sur j'aimerais avez puis-je voudrais quelque comme que ou livraison combien c'est",
        "es": "y el los las una para con busco mi es que como tienen tienes hola gracias por algo quiero quisiera del "
        "cual cuanto cuesta puedo me gusta pero muy donde",
        "it": "il gli una non per con cerco mio cosa come avete ciao grazie che qualcosa vorrei di della sono quanto "
        "costa posso mi piace anche dove",
        "pt": "um uma nao para com procuro meu minha que como voces ola obrigado obrigada por algo quero gostaria os "
        "do da quanto custa posso mas muito onde",
        "nl": "ik het een niet voor met zoek mijn wat hoe hebben jullie hallo bedankt van iets wil graag kan deze ook "
        "maar naar zijn",
    }.items()
}
_SAID: Mapping[str, str] = {
    "de": "Ich lese leider nur Englisch und Chinesisch. Könnten Sie es in einer dieser Sprachen sagen?",
    "fr": "Je ne lis que l'anglais et le chinois. Pourriez-vous le dire dans l'une de ces langues ?",
    "es": "Solo leo inglés y chino. ¿Podría decirlo en uno de estos idiomas?",
    "it": "Leggo solo l'inglese e il cinese. Potrebbe dirlo in una di queste lingue?",
    "pt": "Só leio inglês e chinês. Poderia dizê-lo numa destas línguas?",
    "nl": "Ik lees alleen Engels en Chinees. Kunt u het in een van deze talen zeggen?",
}
_LEAST = 3  # different words of a language that tell it: a title may have two
_SHARE = 0.3  # of the words of a message


def foreign(text: str) -> str:
    """Return the language of a message if it is one that nothing here reads ("de", "fr", …), else ""."""
    said = words(text)
    counts = {language: len(known.intersection(said)) for language, known in _WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= max(_LEAST, _SHARE * len(said)) else ""


def unread(text: str) -> str:
    """Say, in the language of a message, which languages are read."""
    return _SAID[foreign(text)]
