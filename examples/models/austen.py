# SPDX-License-Identifier: MIT
"""What the scripts that train libration's bundled models share: the text, matrix
products in a narrow type, and writing safetensors."""

import ctypes
import json
import re
import struct
import subprocess
import sys
import unicodedata

import torch

# ----------------------------------------------------------------------------
# Text
# ----------------------------------------------------------------------------

NOVELS = {
    "sensesensibility": "Sense and Sensibility",
    "prideprejudice": "Pride and Prejudice",
    "mansfieldpark": "Mansfield Park",
    "emma": "Emma",
    "northangerabbey": "Northanger Abbey",
    "persuasion": "Persuasion",
}

VOCABULARY = list(
    "\n !\"'(),-.:;?0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

REPLACEMENTS = {
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "`": "'",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"',
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "--", "\u2014": "--",
    "\u2015": "--", "\u2026": "...", "\u00a0": " ", "\t": " ",
    "\u00e6": "ae", "\u00c6": "Ae", "\u0153": "oe", "\u0152": "Oe",
    "[": "(", "]": ")", "_": "", "*": "",
}

HEADING = re.compile(r"(chapter|volume) [ivxlc\d]+\.?$", re.IGNORECASE)


def raw_novel(name):
    """The lines of a novel as the Debian package r-cran-janeaustenr holds them."""
    expression = "writeLines(enc2utf8(janeaustenr::%s), useBytes = TRUE)" % name
    try:
        out = subprocess.run(["Rscript", "--vanilla", "-e", expression],
                             check=True, stdout=subprocess.PIPE).stdout
    except FileNotFoundError:
        sys.exit("Rscript not found: install the Debian package r-cran-janeaustenr")
    except subprocess.CalledProcessError:
        sys.exit("could not read %s: install the Debian package r-cran-janeaustenr" % name)
    return out.decode("utf-8").splitlines()


def normalise(lines):
    """Prose over VOCABULARY: a paragraph to a line, no headings, no front matter."""
    paragraphs, current = [], []
    for line in list(lines) + [""]:
        if line.strip():
            current.append(line.strip())
        elif current:
            paragraphs.append(" ".join(current).replace("-- ", "--"))
            current = []

    # The novel proper lies between the first heading of a chapter and FINIS,
    # THE END, or the editor's notes that follow one of the novels.
    first = next(i for i, p in enumerate(paragraphs)
                 if HEADING.match(p) and p.lower().startswith("chapter"))
    result = []
    for p in paragraphs[first:]:
        if re.match(r"(finis|the end)\.?$", p, re.IGNORECASE) or p.startswith("*Vide"):
            break
        if HEADING.match(p) or re.match(r"[* ]+$", p):
            continue
        if p.startswith("[") and "edition" in p:  # where a volume ended
            continue
        p = re.sub("\u00a3([0-9,]*[0-9])", r"\1 pounds", p)
        p = p.replace("&c", "etc").replace("&", "and")
        for old, new in REPLACEMENTS.items():
            p = p.replace(old, new)
        p = unicodedata.normalize("NFKD", p)
        p = "".join(c for c in p if c in ALLOWED)
        p = re.sub(r"\b(Mr|Mrs|Dr)\b(?!\.)", r"\1.", p)  # one edition has no stop
        p = re.sub(r"---+", "--", p)
        p = re.sub(r" +", " ", p).strip()
        if p:
            result.append(p)
    return "\n".join(result) + "\n"


ALLOWED = frozenset(VOCABULARY) - {"\n"}
INDEX = {c: i for i, c in enumerate(VOCABULARY)}


def encode(text):
    return torch.tensor([INDEX[c] for c in text], dtype=torch.int64)


def opening(text, characters):
    """The first paragraphs of a text, as many as fit into so many characters."""
    return text[: text.rindex("\n", 0, characters) + 1]


# ----------------------------------------------------------------------------
# Speed
# ----------------------------------------------------------------------------

class Product(torch.autograd.Function):
    """x @ w.t() with its matrix products in Product.type and results in float32."""

    type = torch.bfloat16

    @staticmethod
    def forward(ctx, x, w):
        x, w = x.to(Product.type), w.to(Product.type)
        ctx.save_for_backward(x, w)
        return torch.mm(x, w.t()).float()

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        g = g.to(Product.type)
        return torch.mm(g, w).float(), torch.mm(g.t(), x).float()


def keep_memory():
    """Have glibc keep large blocks that are freed, instead of faulting them in anew."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD
        mallopt(-4, 0)        # M_MMAP_MAX
        mallopt(-1, (1 << 31) - 1)  # M_TRIM_THRESHOLD
    except (AttributeError, OSError):
        pass  # another C library: only slower


# ----------------------------------------------------------------------------
# Safetensors
# ----------------------------------------------------------------------------

def write_safetensors(path, tensors, metadata, dtype=torch.float16):
    """Tensors as F16 or BF16: length of the header, header (JSON), data; see safetensors."""
    header, blobs, at = {"__metadata__": metadata}, [], 0
    for name, tensor in tensors.items():
        bits = tensor.detach().to(dtype).contiguous().view(torch.int16)
        blob = bits.numpy().astype("<i2").tobytes()
        header[name] = {"dtype": {torch.float16: "F16", torch.bfloat16: "BF16"}[dtype], "shape": list(tensor.shape),
                        "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    return 8 + len(text) + at
