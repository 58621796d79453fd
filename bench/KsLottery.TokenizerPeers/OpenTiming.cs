using System.Buffers.Binary;
using System.Text;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.TokenizerPeers;

/// <summary>How long <see cref="Tokenizer.Open"/> takes by the size of the vocabulary: files are made whose pieces join earlier ones,
/// drawn at random.</summary>
internal static class OpenTiming
{
    private const int Repetitions = 9, MaxLength = 12;
    private const string Letters = "▁etaoinshrdlucmfwypvbgkqjxzEÄß文语";

    /// <summary>Writes a table: processor time of the first opening, of the fastest and of the median one.</summary>
    public static void Write(IReadOnlyList<int> sizes, TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("kslottery-open-").FullName;
        try
        {
            output.WriteLine("| file | pieces | MB | first, ms | fastest | median |");
            output.WriteLine("|---|---:|---:|---:|---:|---:|");
            foreach (int size in sizes)
            {
                BytePieces(size).Write(folder);
                WriteRow("tokenizer.json", size);
                File.WriteAllBytes(Path.Combine(folder, "bpe.model"), SentencePieces(size, SentencePieceAlgorithm.Bpe));
                WriteRow("bpe.model", size);
                File.WriteAllBytes(Path.Combine(folder, "unigram.model"), SentencePieces(size, SentencePieceAlgorithm.Unigram));
                WriteRow("unigram.model", size);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        void WriteRow(string name, int size)
        {
            string path = Path.Combine(folder, name);
            double[] times = [.. Enumerable.Range(0, Repetitions).Select(_ => TimeOf(path))];
            output.WriteLine($"| {name} | {size:n0} | {new FileInfo(path).Length / 1e6:f1} | {times[0]:f0} | {times.Min():f1} "
                + $"| {times.Order().ElementAt(Repetitions / 2):f1} |");
        }
    }

    private static double TimeOf(string path)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        GC.KeepAlive(Tokenizer.Open(path));
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
    }

    private static BpeVocabulary BytePieces(int size)
    {
        BpeVocabulary vocabulary = new(BpePattern.Llama3);
        SplitMix64 random = new(1);
        while (vocabulary.Count < size)
        {
            int left = random.NextBelow(vocabulary.Count), right = random.NextBelow(vocabulary.Count);
            if (left > 1 && right > 1 && vocabulary.Pieces[left].Length + vocabulary.Pieces[right].Length <= MaxLength)
                vocabulary.Merge(left, right);
        }
        return vocabulary;
    }

    private static byte[] SentencePieces(int size, SentencePieceAlgorithm algorithm)
    {
        List<string> pieces = [.. Letters.Select(letter => letter.ToString())];
        HashSet<string> known = [.. pieces];
        SplitMix64 random = new(1);
        while (pieces.Count + 3 < size)
        {
            string joined = pieces[random.NextBelow(pieces.Count)] + pieces[random.NextBelow(pieces.Count)];
            if (joined.Length <= MaxLength && known.Add(joined)) pieces.Add(joined);
        }
        List<byte> file = [];
        AddPiece(file, "<unk>", 0, SentencePieceType.Unknown);
        AddPiece(file, "<s>", 0, SentencePieceType.Control);
        AddPiece(file, "</s>", 0, SentencePieceType.Control);
        for (int i = 0; i < pieces.Count; i++) AddPiece(file, pieces[i], -i, SentencePieceType.Normal);
        file.AddRange([0x12, 2, 0x18, (byte)algorithm]); // trainer_spec { model_type }
        return [.. file];
    }

    private static void AddPiece(List<byte> file, string text, float score, SentencePieceType type)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text), number = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(number, score);
        byte[] piece = [0x0A, (byte)utf8.Length, .. utf8, 0x15, .. number, 0x18, (byte)type];
        file.AddRange([0x0A, (byte)piece.Length, .. piece]);
    }
}
