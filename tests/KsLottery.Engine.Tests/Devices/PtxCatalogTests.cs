using System.Security.Cryptography;
using System.Text;
using KsLottery.Engine.Devices;
using KsLottery.Kernels;

namespace KsLottery.Engine.Tests.Devices;

/// <summary>The embedded PTX texts: one for each kernel, of its present C text, and what a driver takes.</summary>
public sealed class PtxCatalogTests
{
    private const string Renew = "run kernels/make-ptx.sh (it needs clang) and commit kernels/ptx";

    public static IEnumerable<string> Names() => KernelCatalog.All.Select(k => k.Name);

    [TestCaseSource(nameof(Names))]
    public void Each_kernel_has_a_text_that_fits(string name)
    {
        KernelDefinition kernel = KernelCatalog.Get(name);
        string? text = PtxTexts.FindEmbedded(name);
        Assert.That(text, Is.Not.Null, Renew);
        PtxModule module = new(text!);
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(PtxTexts.SourceOf(kernel))));
        Assert.That(module.SourceHash, Is.EqualTo(hash), $"the text was made from another C text: {Renew}");
        Assert.That(module.Defects(), Is.Empty);
        Assert.That(module.Entries, Is.EqualTo(new[] { name }));
        Assert.That(module.Parameters, Is.EqualTo(PtxModule.Expected(kernel)));
        Assert.That(module.SharedBytes, Is.LessThanOrEqualTo(kernel.SharedBytes) & Is.LessThanOrEqualTo(48 << 10));
        Assert.That(module.Text, Does.Contain($".maxntid {kernel.GroupSize}, 1, 1"));
        Assert.That(() => new PtxInterpreter(text!, (_, _) => true), Throws.Nothing);
    }

    [Test]
    public void No_text_stays_of_a_kernel_that_is_gone()
    {
        const string Folder = "ptx/", Extension = ".ptx";
        IEnumerable<string> texts = typeof(KernelCatalog).Assembly.GetManifestResourceNames().Where(n => n.StartsWith(Folder, StringComparison.Ordinal));
        Assert.That(texts.Select(n => n[Folder.Length..^Extension.Length]), Is.SubsetOf(Names()), Renew);
    }

    [Test]
    public void A_folder_of_texts_stands_in_for_the_embedded_ones()
    {
        KernelDefinition kernel = CudaDeviceTests.Define("NoSuchKernel");
        Assert.That(Assert.Throws<DeviceUnavailableException>(() => PtxTexts.Find(kernel))!.Message, Does.Contain("NoSuchKernel").And.Contain("make-ptx.sh"));
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kslottery-ptx-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "NoSuchKernel.ptx"), "mine");
            Environment.SetEnvironmentVariable(PtxTexts.Variable, folder.FullName);
            Assert.That(PtxTexts.Find(kernel), Is.EqualTo("mine"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(PtxTexts.Variable, null);
            folder.Delete(recursive: true);
        }
    }
}
