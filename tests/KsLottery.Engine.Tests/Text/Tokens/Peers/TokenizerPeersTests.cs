using System.Runtime.InteropServices;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Tokens.Peers;

/// <summary>Against the original library of <c>tokenizer.json</c>, tokenizers 0.22.2; many more texts in
/// bench/KsLottery.TokenizerPeers.</summary>
internal sealed class TokenizerPeersTests
{
    private const int ManyTexts = 2000, FewTexts = 80;

    [TestCase("model/", ManyTexts)]
    [TestCase("added tokens/", ManyTexts)]
    [TestCase("pre-tokenizer/", FewTexts)]
    [TestCase("normalizer/", FewTexts)]
    [TestCase("decoder/", FewTexts)]
    public void Every_kind_encodes_and_decodes_as_the_library_does(string group, int count)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Ignore("the tokenizers library is here for Linux on x64 alone");
        string[] texts = [.. TokenizerTexts.Take(SharedData.Path("corpora"), count)];
        (string, string)[] kinds = [.. new TokenizerKinds(SharedData.Path(), lines: 100).All
            .Where(kind => kind.Name.StartsWith(group, StringComparison.Ordinal))];
        Assert.That(kinds, Is.Not.Empty);
        Assert.Multiple(() =>
        {
            foreach ((string name, string json) in kinds)
            {
                using PeerComparison comparison = new(json);
                Random random = new(5);
                foreach (string text in texts) comparison.Compare(text, random);
                Assert.That((comparison.Refusal, string.Join('\n', comparison.Differences)), Is.EqualTo(((string?)null, "")), name);
                Assert.That((comparison.Encoded.Equal, comparison.Decoded.Equal >= texts.Length), Is.EqualTo((texts.Length, true)), name);
            }
        });
    }
}
