"""Texts of made-up sentences by class of length, the same in every run."""

import random

WORDS = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which "
    "one you were all her she there would their we him been has when who will no more if out so up said what its about "
    "than into them can only other time new some could these two may first then do any like my now over such our man me "
    "even most made after also did many off before must well back through years where much your way down should because "
    "people state world government development international university environmental understanding responsibility "
    "photosynthesis infrastructure retrieval embedding transformer tokenization semantic hydrogen economics literature "
    "engineering algorithm biography catastrophe diplomacy evolution geography hypothesis jurisdiction kilometre"
).split()
# Words in a text, from and to. `mix` is drawn so that each octave of lengths is as likely as any other.
CLASSES = {"short": (5, 16), "medium": (50, 110), "long": (300, 360), "mix": (5, 360)}
TEXTS = 512


def make_texts(name):
    draw = random.Random(name)
    low, high = CLASSES[name]
    texts = []
    for _ in range(TEXTS):
        words = round(low * (high / low) ** draw.random()) if name == "mix" else draw.randint(low, high)
        texts.append(" ".join(draw.choice(WORDS) for _ in range(words)))
    return texts
