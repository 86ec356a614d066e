# SPDX-License-Identifier: MIT
"""What the scripts that train libration's bundled models share: the text, matrix
products in a narrow type, options and optimiser, and writing safetensors."""

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
# Training
# ----------------------------------------------------------------------------

def add_training_arguments(p):
    """Options that every script has; their defaults are the script's, by p.set_defaults."""
    p.add_argument("--held-out", choices=sorted(NOVELS), default="persuasion",
                   help="the novel not trained on (default %(default)s)")
    p.add_argument("--epochs", type=float, help="default %(default)s")
    p.add_argument("--rate", type=float, default=3e-3,
                   help="peak learning rate (default %(default)s)")
    p.add_argument("--warm-up", type=int, help="steps (default %(default)s)")
    p.add_argument("--weight-decay", type=float, help="default %(default)s")
    p.add_argument("--clip", type=float, default=1.0, help="default %(default)s")
    p.add_argument("--seed", type=int, default=1817, help="default %(default)s")
    p.add_argument("--threads", type=int, default=1, help="default %(default)s")
    p.add_argument("--precision", choices=("bfloat16", "float32"),
                   help="of the training's matrix products; bfloat16 is the quicker on a "
                        "processor with AVX512-BF16 (default %(default)s)")
    p.add_argument("--steps", type=int, help="stop after so many steps (to try things)")
    p.add_argument("--glance-every", type=int, metavar="STEPS",
                   help="print an estimated held-out loss (never used to choose "
                        "anything) and write the model so far (default %(default)s)")


def prepare(a):
    """Sets what the options say of the arithmetic and of chance."""
    Product.type = getattr(torch, a.precision)
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    keep_memory()
    torch.manual_seed(a.seed)


class Corpus:
    """The novels: those trained on, as tokens one after another, and the one held out."""

    def __init__(self, held_out):
        texts = {name: normalise(raw_novel(name)) for name in NOVELS}
        self.held_out_text = texts.pop(held_out)
        self.held_out = encode(self.held_out_text)
        self.data = encode("".join(texts.values()))
        self.names = list(texts)
        self.held_out_name = held_out
        print("%d characters to train on, %d held out (%s), vocabulary %d"
              % (len(self.data), len(self.held_out), held_out, len(VOCABULARY)), flush=True)

    def metadata(self, script, parameters, loss, settings):
        """What a model's file says of where it comes from."""
        return {
            "format": "pt",
            "vocabulary": json.dumps(VOCABULARY),
            "parameters": str(parameters),
            "loss_nats_per_character": loss,
            "training_text": "Jane Austen: " + ", ".join(NOVELS[n] for n in self.names),
            "training_characters": str(len(self.data)),
            "held_out_text": "Jane Austen: " + NOVELS[self.held_out_name],
            "held_out_characters": str(len(self.held_out)),
            "provenance":
                "Trained in 2026 by libration's examples/models/%s with PyTorch %s from the "
                "Debian package r-cran-janeaustenr: %s. The novels are in the public domain; "
                "the weights are under libration's MIT licence."
                % (script, torch.__version__, settings),
            "license": "MIT",
        }


def new_optimiser(w, a):
    """AdamW, the decay on matrices only."""
    return torch.optim.AdamW(
        [{"params": [p for p in w.values() if p.dim() == 2], "weight_decay": a.weight_decay},
         {"params": [p for p in w.values() if p.dim() == 1], "weight_decay": 0.0}],
        lr=a.rate, betas=(0.9, 0.99), eps=1e-8)


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
