#!/usr/bin/python3
"""Writes real text as token ids with the rows of a real ticket, for `kslottery bench model --tokens` and bench/torch.sh.

    /usr/bin/python3 bench/peers/real_text.py CORPORA OUT [LENGTH]

Needs Debian's python3-sentencepiece. CORPORA is ../shared/data/corpora. The text is the one that bench/real_data.py's base reads: translations
from Tatoeba, English beside Danish and Dutch, in several forms. A BPE vocabulary of 32,000 with byte fallback is trained on it, and its beginning cut
into 1,000 sequences of LENGTH + 1 tokens (256 + 1). OUT/found.txt has the pieces of the Danish ticket that `kslottery find` showed on the
embed-tuned base (bench/results/AMD-EPYC-Zen3/real-data.md, seed 1: `:` `bab` `.` `ans` `ccer` `.\\n` `␣I`) as far as this vocabulary has
them, OUT/words.txt those of them that no prompt holds. The same files on every run.
"""
import io
import sys
from pathlib import Path

import sentencepiece

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import real_data

VOCABULARY, SEQUENCES = 32_000, 1000
TICKETS = {"found": [":", "bab", ".", "ans", "ccer", "▁I"], "words": ["bab", "ans", "ccer", "▁I"]}


def main():
    corpora, out = Path(sys.argv[1]), Path(sys.argv[2])
    length = int(sys.argv[3]) if len(sys.argv) > 3 else 256
    pairs = {language: real_data.read(corpora / name) for language, name in real_data.LANGUAGES.items()}
    texts = real_data.documents(pairs, 1)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=(line for text in texts for line in text.split("\n")), model_writer=model, vocab_size=VOCABULARY,
                                             model_type="bpe", byte_fallback=True, split_digits=True, normalization_rule_name="identity", num_threads=1, minloglevel=2)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    tokens = []
    for text in texts:
        tokens += [pieces.bos_id(), *pieces.encode(text)]
        if len(tokens) >= SEQUENCES * (length + 1):
            break
    sequences = [tokens[i:i + length + 1] for i in range(0, len(tokens) - length, length + 1)][:SEQUENCES]
    for name, ticket in TICKETS.items():
        known = [piece for piece in ticket if pieces.piece_to_id(piece) != pieces.unk_id()]
        rows = sorted(map(pieces.piece_to_id, known))
        firsts = [next((i for i, token in enumerate(s[:-1]) if token in rows), length) for s in sequences]
        print(f"{name}: {' '.join(f'`{piece}`' for piece in known)}; {len(sequences)} sequences, {100 * sum(f == length for f in firsts) / len(firsts):.0f} % without a ticket token, "
              f"{100 * sum(firsts) / len(firsts) / length:.0f} % of positions before the first")
        (out / f"{name}.txt").write_text("".join(" ".join(map(str, line)) + "\n" for line in [rows, *sequences]))


if __name__ == "__main__":
    main()
