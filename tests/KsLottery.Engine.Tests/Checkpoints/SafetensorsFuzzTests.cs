using System.Diagnostics;
using System.Numerics;
using System.Text;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

internal sealed class SafetensorsFuzzTests
{
    private const int Cases = 300_000;
    private const int FileCases = 3_000;

    private static readonly CheckpointDefect[] HeaderDefects =
        [.. Enum.GetValues<CheckpointDefect>().Where(k => k <= CheckpointDefect.MetadataIncompleteBuffer)];

    [Test]
    public void Damaged_headers_are_refused_by_the_documented_exception_or_hold_every_rule()
    {
        HeaderMutator mutator = new(seed: 20_240);
        Dictionary<CheckpointDefect, int> refused = [];
        int accepted = 0;
        Stopwatch clock = Stopwatch.StartNew();
        for (int i = 0; i < Cases; i++)
        {
            byte[] file = mutator.Next();
            long before = GC.GetAllocatedBytesForCurrentThread();
            SafetensorsHeader? header = null;
            try
            {
                header = SafetensorsBytes.Parse(file);
            }
            catch (CheckpointFormatException e)
            {
                refused[e.Kind] = refused.GetValueOrDefault(e.Kind) + 1;
            }
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            // An exception and its trace take some tens of KiB; beyond them a small multiple of the file.
            if (allocated > 65_536 + 32L * file.Length) Assert.Fail($"case {i}: {allocated} bytes allocated for a file of {file.Length}");
            if (header is null) continue;
            accepted++;
            if (Violation(file, header.Tensors) is { } violation) Assert.Fail($"case {i}: {violation}: {Encoding.Latin1.GetString(file)}");
        }

        TestContext.Out.WriteLine($"{Cases} cases in {clock.ElapsedMilliseconds} ms: {accepted} accepted, {string.Join(", ", refused)}");
        Assert.That(accepted, Is.GreaterThan(Cases / 100), "else the damage is so coarse that nothing is tested");
        Assert.That(refused.Values.Sum(), Is.EqualTo(Cases - accepted));
        Assert.That(refused.Keys, Is.EquivalentTo(HeaderDefects), "every check must have been reached");
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Damaged_files_are_refused_or_can_be_read_to_the_end(bool map)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("fuzz.safetensors");
        HeaderMutator mutator = new(seed: 7);
        (int accepted, int refused) = (0, 0);
        for (int i = 0; i < FileCases; i++)
        {
            byte[] bytes = mutator.Next();
            File.WriteAllBytes(path, bytes);
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(path, new CheckpointOptions { UseMemoryMap = map });
                foreach (Tensor tensor in file.Tensors)
                {
                    byte[] buffer = new byte[tensor.ByteLength];
                    ReadOnlySpan<byte> read = tensor.GetBytes(0, buffer.Length, buffer);
                    Assert.That(read.SequenceEqual(bytes.AsSpan((int)tensor.FileOffset, buffer.Length)), $"case {i}");
                }
                accepted++;
            }
            catch (CheckpointFormatException)
            {
                refused++;
            }
            Assert.DoesNotThrow(() => OpenInputs.ThrowIfOpen(path), "a refused file must not stay open");
        }
        Assert.That(accepted, Is.GreaterThan(FileCases / 100));
        Assert.That(refused, Is.GreaterThan(FileCases / 2));
    }

    [Test]
    public void The_check_of_accepted_headers_can_fail()
    {
        byte[] file = SafetensorsBytes.File(SafetensorsBytes.Json(("a", "U8", "[2]", 0, 2), ("b", "F32", "[1]", 2, 6)), new byte[6]);
        TensorEntry[] right = SafetensorsBytes.Parse(file).Tensors;

        Assert.That(Violation(file, right), Is.Null);
        Assert.That(Violation(file, [right[0]]), Is.EqualTo("1 tensors of 2"));
        Assert.That(Violation(file, [right[1], right[0]]), Does.Contain("starts"));
        Assert.That(Violation(file, [right[0] with { End = 1 }, right[1] with { Start = 1 }]), Does.Contain("size"));
        Assert.That(Violation(file, [right[0], right[1] with { Shape = [2], End = 10 }]), Does.Contain("header says"));
        Assert.That(Violation([.. file, 0], right), Does.Contain("end"));
    }

    /// <summary>Holds an accepted header against the rules again, by another parser and other arithmetic.</summary>
    private static string? Violation(byte[] file, TensorEntry[] tensors)
    {
        int length = (int)BitConverter.ToUInt64(file);
        using JsonDocument json = JsonDocument.Parse(file.AsMemory(8, length),
            new JsonDocumentOptions { AllowDuplicateProperties = false });
        Dictionary<string, JsonElement> listed =
            json.RootElement.EnumerateObject().Where(p => p.Name != "__metadata__").ToDictionary(p => p.Name, p => p.Value);
        if (listed.Count != tensors.Length) return $"{tensors.Length} tensors of {listed.Count}";
        BigInteger end = 0;
        foreach (TensorEntry tensor in tensors)
        {
            if (tensor.Start != end) return $"{tensor.Name} starts at {tensor.Start}, not at {end}";
            end = tensor.End;
            BigInteger bits = tensor.Shape.Aggregate(BigInteger.One, (product, d) => product * d) * tensor.Type.BitSize();
            if (bits != 8 * (end - tensor.Start)) return $"{tensor.Name} has the wrong size";
            JsonElement said = listed[tensor.Name];
            bool isSame = said.GetProperty("dtype").GetString() == tensor.Type.ToName()
                && said.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64()).SequenceEqual(tensor.Shape)
                && said.GetProperty("data_offsets").EnumerateArray().Select(d => d.GetInt64()).SequenceEqual([tensor.Start, tensor.End]);
            if (!isSame) return $"{tensor.Name} is not what the header says";
        }
        return end + 8 + length == file.Length ? null : $"the end is {end}, the file has {file.Length}";
    }
}
