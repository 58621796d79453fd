// bench/llama.sh holds our prompts and generation against llama.cpp's, through LLamaSharp, with the same weights:
//   KsLottery.LlamaPeers make FOLDER TYPE WIDTH LAYERS HEADS FEED_FORWARD VOCABULARY    random weights, F32, F16 or BF16
//   KsLottery.LlamaPeers gguf FOLDER FILE [F32]                                         the same weights as llama.cpp reads them, or
//                                                                                       widened
//   KsLottery.LlamaPeers compare FOLDER FILE THREADS PROMPT NEW ROUNDS [WIDENED_FILE]   logits beside ours, then all timed in turns: a
//                                                                                       table's row; 1 where they differ

using System.Globalization;
using KsLottery.LlamaPeers;

switch (args)
{
    case ["make", string folder, string type, .. { Length: 5 } sizes]: RandomModel.Write(folder, type, Numbers(sizes)); return 0;
    case ["gguf", string folder, string file]: GgufFile.Write(file, folder, isWidened: false); return 0;
    case ["gguf", string folder, string file, "F32"]: GgufFile.Write(file, folder, isWidened: true); return 0;
    case ["compare", string folder, string file, .. { Length: 4 or 5 } words]
        when Numbers(words[..4]) is [int threads, int prompt, int tokens, int rounds]:
        return Comparison.Run(folder, file, words.ElementAtOrDefault(4), threads, prompt, tokens, rounds) ? 0 : 1;
    default:
        Console.Error.WriteLine("give make, gguf or compare; the first lines of Program.cs say what follows");
        return 1;
}

static int[] Numbers(string[] words) => [.. words.Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
