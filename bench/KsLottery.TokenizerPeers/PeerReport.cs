using System.Diagnostics;
using KsLottery.Engine.Tests.Text.Tokens.Peers;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.TokenizerPeers;

/// <summary>Compares every kind and writes a table.</summary>
internal static class PeerReport
{
    private const int LinesLearntFrom = 1500;

    /// <summary>Writes the table to a writer and the differences to standard error.</summary>
    /// <returns>0 where all is equal, 4 otherwise.</returns>
    public static int Write(string data, int count, string only, TextWriter output)
    {
        TokenizerKinds kinds = new(data, LinesLearntFrom);
        if (SentencePieceRules(data) is { } rules) kinds.AddPrecompiled("normalizer/Precompiled, nmt_nfkc of spm_train", rules);
        string[] texts = [.. TokenizerTexts.Take(Path.Combine(data, "corpora"), count)];
        output.WriteLine($"{texts.Length} texts a kind.\n");
        output.WriteLine("| kind | encoded alike | not | decoded alike | not |\n|---|---:|---:|---:|---:|");
        int different = 0;
        foreach ((string name, string json) in kinds.All.Where(kind => kind.Name.Contains(only, StringComparison.Ordinal)))
        {
            using PeerComparison comparison = new(json);
            string shown = "`" + name.Replace("|", "\\|", StringComparison.Ordinal) + "`";
            if (comparison.Refusal is { } refusal)
            {
                output.WriteLine($"| {shown} | refused | {refusal.Replace("|", "\\|", StringComparison.Ordinal)} | | |");
                continue;
            }
            Random random = new(5);
            foreach (string text in texts) comparison.Compare(text, random);
            ((int alike, int encodedOtherwise), (int decoded, int decodedOtherwise)) = (comparison.Encoded, comparison.Decoded);
            output.WriteLine($"| {shown} | {alike} | {encodedOtherwise} | {decoded} | {decodedOtherwise} |");
            output.Flush();
            foreach (string difference in comparison.Differences) Console.Error.WriteLine($"{name}\n  {difference}");
            different += encodedOtherwise + decodedOtherwise;
        }
        return different == 0 ? 0 : 4;
    }

    /// <summary>The rules that SentencePiece's trainer compiles, null where it is not installed.</summary>
    private static string? SentencePieceRules(string data)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            File.WriteAllLines(Path.Combine(folder, "texts"), TokenizerTexts.Lines(Path.Combine(data, "corpora"), 100));
            ProcessStartInfo start = new("spm_train",
                ["--input=texts", "--model_prefix=m", "--vocab_size=400", "--model_type=unigram",
                    "--hard_vocab_limit=false", "--minloglevel=2"])
            {
                WorkingDirectory = folder,
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return Convert.ToBase64String(SentencePieceModel.Open(Path.Combine(folder, "m.model")).NormalizerRules.Span);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
