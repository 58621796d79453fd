using System.Security.Cryptography;
using System.Text;
using KsLottery.Engine.Devices;
using KsLottery.Kernels;
using KsLottery.Tests.Support;

namespace KsLottery.Cuda.Tests;

/// <summary>The embedded PTX texts: one for each kernel, of its present C text, fit for a driver, and as the list says.</summary>
public sealed class PtxCatalogTests
{
    private const string Renew = "run kernels/make-ptx.sh (it needs clang) and commit kernels/ptx.tar.gz and kernels/ptx.sha256";

    private static readonly Lazy<byte[]> Archive = new(() =>
    {
        using Stream archive = KernelSource.Open(PtxSources.Archive)!;
        byte[] bytes = new byte[archive.Length];
        archive.ReadExactly(bytes);
        return bytes;
    });

    public static IEnumerable<string> Names() => KernelCatalog.All.Select(k => k.Name);

    [TestCaseSource(nameof(Names))]
    public void Each_kernel_has_a_text_that_fits(string name)
    {
        KernelDefinition kernel = KernelCatalog.Get(name);
        Assert.That(PtxSources.Embedded, Does.ContainKey(name), Renew);
        PtxModule module = new(PtxSources.Embedded[name]);
        Assert.That(module.SourceHash, Is.EqualTo(Hash(PtxSources.SourceOf(kernel))), $"the text was made from another C text: {Renew}");
        Assert.That(module.Defects(), Is.Empty);
        Assert.That(module.Entries, Is.EqualTo(new[] { name }));
        Assert.That(module.Parameters, Is.EqualTo(PtxModule.Expected(kernel)));
        Assert.That(module.SharedBytes, Is.LessThanOrEqualTo(kernel.SharedBytes) & Is.LessThanOrEqualTo(48 << 10));
        Assert.That(module.Text, Does.Contain($".maxntid {kernel.GroupSize}, 1, 1"));
        Assert.That(() => new PtxInterpreter(module.Text, (_, _) => true), Throws.Nothing);
    }

    [Test]
    public void No_text_stays_of_a_kernel_that_is_gone() => Assert.That(PtxSources.Embedded.Keys, Is.SubsetOf(Names()), Renew);

    [Test]
    public void The_list_names_the_hashes_of_the_archive_and_of_each_text()
    {
        IEnumerable<string> list = File.ReadLines(Path.Combine(SharedData.Root, "kernels", "ptx.sha256"));
        Assert.That(list.Where(line => !line.StartsWith('#')), Is.EqualTo(PtxSources.Embedded.OrderBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => $"{t.Key} {Hash(t.Value)} {new PtxModule(t.Value).SourceHash}")
            .Prepend($"{PtxSources.Archive} {Convert.ToHexStringLower(SHA256.HashData(Archive.Value))}")), Renew);
    }

    [Test]
    public void A_damaged_archive_is_refused()
    {
        // gzip's header of ten bytes says nothing about the texts, nor do the four of the size at its end.
        IEnumerable<int> last = Enumerable.Range(Archive.Value.Length - 24, 20);
        for (int at = 10; at < Archive.Value.Length - 24; at += Archive.Value.Length / 25) last = last.Prepend(at);
        foreach (int at in last)
        {
            byte[] damaged = [.. Archive.Value];
            damaged[at] ^= 1;
            Assert.That(() => PtxSources.Unpack(new MemoryStream(damaged)), Throws.TypeOf<InvalidDataException>(), $"byte {at}");
        }
    }

    [Test]
    public void An_archive_that_is_cut_off_is_refused([Values(1, 9, 20, 1000, 200_000)] int missing) =>
        Assert.That(() => PtxSources.Unpack(new MemoryStream(Archive.Value[..^missing])),
            Throws.TypeOf<InvalidDataException>().Or.TypeOf<EndOfStreamException>());

    [Test]
    public void A_folder_of_texts_stands_in_for_the_embedded_ones()
    {
        KernelDefinition kernel = TestKernels.Define("NoSuchKernel", "");
        Assert.That(Assert.Throws<DeviceUnavailableException>(() => PtxSources.Find(kernel))!.Message,
            Does.Contain("NoSuchKernel").And.Contain("make-ptx.sh"));
        using TemporaryFolder folder = new();
        try
        {
            File.WriteAllText(folder.File("NoSuchKernel.ptx"), "mine");
            Environment.SetEnvironmentVariable(PtxSources.Variable, folder.Path);
            Assert.That(PtxSources.Find(kernel), Is.EqualTo("mine"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(PtxSources.Variable, null);
        }
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
