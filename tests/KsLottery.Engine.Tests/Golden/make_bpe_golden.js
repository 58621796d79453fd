// Makes bpe_golden.json: what Hugging Face's BpeTrainer learns, for the tests of BpeTrainer.
//
//   npm install tokenizers && node make_bpe_golden.js ../../../../shared/data
//
// The file was made with tokenizers 0.23.2 from npm. A default trainer takes the alphabet from the text and goes on to 30,000 tokens or
// until no pair is left; "merges" holds the first ones, all of them for the text made here, in which most pairs are equally frequent.
const fs = require("fs");
const { Tokenizer } = require("tokenizers");

const llama3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const patterns = {
  Gpt2: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  Llama3: { type: "Sequence", pretokenizers: [
    { type: "Split", pattern: { Regex: llama3 }, behavior: "Isolated", invert: false },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false }] },
};

function train(pattern, file, limit) {
  const empty = { version: "1.0", added_tokens: [], pre_tokenizer: patterns[pattern], model: { type: "BPE", vocab: {}, merges: [] } };
  const tokenizer = Tokenizer.fromString(JSON.stringify(empty));
  tokenizer.train([file]);
  tokenizer.save("trained.json");
  const merges = JSON.parse(fs.readFileSync("trained.json")).model.merges.slice(0, limit).map(pair => pair.join(" "));
  fs.unlinkSync("trained.json");
  return merges;
}

let state = 1;
const below = n => (state = (state * 48271) % 2147483647) % n;
const parts = ["a", "b", "aa", "ab", "the", "The", "ing", "é", "日本", "😀", "𝐀", "1", "23", "4567", "'s", "'LL", " ", "  ", "\t", ".", "...", "—", "\r", "\n"];
let text = "";
for (let i = 0; i < 1200; i++) text += parts[below(parts.length)] + (below(3) ? "" : " ");
fs.writeFileSync("made.txt", text);

const cases = [];
for (const pattern of Object.keys(patterns)) {
  cases.push({ pattern, text, merges: train(pattern, "made.txt", Infinity) });
  for (const shared of ["corpora/ro-sts/RO-STS.dev.ro", "corpora/catalan/tatoeba.en-ca.ca"])
    cases.push({ pattern, shared, merges: train(pattern, process.argv[2] + "/" + shared, 800) });
}
fs.unlinkSync("made.txt");
fs.writeFileSync("bpe_golden.json", "[\n" + cases.map(c => JSON.stringify(c)).join(",\n") + "\n]\n");
