using KsLottery.Engine.Checkpoints;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

[TestFixture(true)]
[TestFixture(false)]
internal sealed class SafetensorsCasesTests(bool map)
{
    private readonly CheckpointOptions _options = new() { UseMemoryMap = map };

    [Test]
    public void Every_case_of_the_reference_implementation_ends_as_there()
    {
        int files = 0;
        foreach (string line in File.ReadLines(SharedData.Path("safetensors", "cases.tsv")).Skip(1))
        {
            string[] columns = line.Split('\t');
            (string name, long bytes, string expected) = (columns[0], long.Parse(columns[1], null), columns[3]);
            string path = SharedData.Path(["safetensors", .. name.Split('/')]);
            Assert.That(new FileInfo(path).Length, Is.EqualTo(bytes), name);
            if (expected != "-") Assert.That(Outcome(path), Is.EqualTo(expected), name);
            files++;
        }
        Assert.That(files, Is.EqualTo(24));
    }

    [Test]
    public void Scalars_and_empty_tensors_keep_their_shape()
    {
        using SafetensorsFile scalar = Open("valid", "hf_empty_shape_scalar.safetensors");
        using SafetensorsFile empty = Open("valid", "hf_zero_sized_tensor.safetensors");

        Assert.That(scalar.GetTensor("test").Shape, Is.Empty);
        Assert.That(scalar.GetTensor("test").RowShape, Is.EqualTo((1L, 1L)));
        Assert.That(scalar.GetTensor("test").GetRow<int>(0).ToArray(), Is.EqualTo(new[] { 0 }));
        Assert.That(empty.GetTensor("test").Shape, Is.EqualTo(new[] { 2L, 0L }));
        Assert.That(empty.GetTensor("test").GetRow<int>(1).Length, Is.Zero);
    }

    [Test]
    public void A_sharded_folder_opens_as_one_checkpoint()
    {
        using Checkpoint checkpoint = Checkpoint.Open(SharedData.Path("safetensors", "sharded"), _options);

        Assert.That(checkpoint.Shards, Has.Count.EqualTo(6));
        Assert.That(checkpoint.Tensors.Count(), Is.EqualTo(36));
        Assert.That(checkpoint.Tensors.Sum(t => t.ByteLength), Is.EqualTo(4305), "total_size of the index");
        Assert.That(checkpoint.IndexPath, Does.EndWith("model.safetensors.index.json"));
        Assert.That(checkpoint.GetTensor("bfloat16_357").File, Is.SameAs(checkpoint.Shards[5]));
        Assert.That(checkpoint.Config, Is.Null);
        Assert.That(checkpoint.IsTied, Is.Null);
    }

    private SafetensorsFile Open(params string[] parts) => SafetensorsFile.Open(SharedData.Path(["safetensors", .. parts]), _options);

    private string Outcome(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path, _options);
            return $"ok {file.Tensors.Count} tensors";
        }
        catch (CheckpointFormatException e)
        {
            Assert.That(e.Message, Does.StartWith(path).And.EndsWith("."));
            return e.Kind.ToString();
        }
    }
}
