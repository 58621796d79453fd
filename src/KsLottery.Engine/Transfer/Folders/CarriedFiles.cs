using System.IO.Enumeration;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>The files of a model that go along unchanged when one of its shards is rewritten.</summary>
/// <remarks>
/// A folder hands on all its own files, a single file what configures the model and its tokenizer; folders within are left behind.
/// Weights are hard-linked where the file system allows it, since they are large and nobody edits them in place. What people do
/// edit, such as <c>config.json</c>, is copied, so that an edit does not reach the input.
/// </remarks>
internal sealed class CarriedFiles
{
    private const long LinkFrom = 16 << 20;

    private static readonly string[] Tokenizers =
    [
        "tokenizer*", "*.model", "tok*.bin", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
            "chat_template*",
    ];

    private static readonly string[] Companions = ["*config.json", .. Tokenizers, "LICENSE*"];

    private static readonly string[] Weights =
    [
        "*.safetensors", "*.gguf", "*.ggml", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack", "*.npz", "*.onnx", "pytorch_model*.bin",
            "model*.bin",
    ];

    private readonly List<string> _linked = [];
    private readonly List<string> _copied = [];
    private readonly List<string> _otherWeights = [];

    private CarriedFiles() { }

    /// <summary>Names of the files that were linked.</summary>
    public IReadOnlyList<string> Linked => _linked;

    /// <summary>Names of the files that were copied.</summary>
    public IReadOnlyList<string> Copied => _copied;

    /// <summary>Names of files with weights beside the checkpoint; they were carried too and know nothing of the new rows.</summary>
    public IReadOnlyList<string> OtherWeights => _otherWeights;

    /// <summary>Links and copies everything but some files.</summary>
    public static CarriedFiles CarryOthers(Checkpoint checkpoint, IReadOnlySet<string> left, string target,
        CancellationToken cancellationToken)
    {
        bool isWhole = checkpoint.IsFolder || checkpoint.IndexPath is not null;
        return Carry(checkpoint, name => !left.Contains(name) && (isWhole || Matches(Companions, name)), target, cancellationToken);
    }

    /// <summary>The names of the files in a folder that make up a tokenizer.</summary>
    public static List<string> FindTokenizer(string folder) => [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))
        .Where(name => Matches(Tokenizers, name)).Order(StringComparer.Ordinal)];

    /// <summary>The folder of a checkpoint.</summary>
    public static string FolderOf(Checkpoint checkpoint) =>
        checkpoint.IsFolder ? checkpoint.Path : Path.GetDirectoryName(Path.GetFullPath(checkpoint.Path))!;

    /// <summary>Links shards that are not rewritten and copies what configures model and tokenizer, over what an earlier try left
    /// behind.</summary>
    /// <param name="checkpoint">The base.</param>
    /// <param name="rewritten">Names of files that the caller writes.</param>
    /// <param name="target">The folder.</param>
    /// <param name="cancellationToken">Stops between files.</param>
    public static CarriedFiles CarryCompanions(Checkpoint checkpoint, IReadOnlySet<string> rewritten, string target,
        CancellationToken cancellationToken)
    {
        HashSet<string> shards = ShardNames(checkpoint);
        return Carry(checkpoint, name => !rewritten.Contains(name)
            && (shards.Contains(name) || Matches(Companions, name)), target, cancellationToken);
    }

    private static CarriedFiles Carry(Checkpoint checkpoint, Predicate<string> isCarried, string target,
        CancellationToken cancellationToken)
    {
        CarriedFiles carried = new();
        HashSet<string> shards = ShardNames(checkpoint);
        foreach (string path in Directory.EnumerateFiles(FolderOf(checkpoint)).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string name = Path.GetFileName(path);
            if (!isCarried(name)) continue;
            // An earlier try may have left a link, through which a copy would reach the input.
            File.Delete(Path.Combine(target, name));
            // Download caches keep links to the files proper, and a second name must be one of those.
            string source = RealPath.Of(path);
            bool isLarge = shards.Contains(name) || new FileInfo(source).Length >= LinkFrom;
            if (isLarge && Interop.HardLink.TryCreate(source, Path.Combine(target, name))) carried._linked.Add(name);
            else
            {
                WritableCopy.Make(source, Path.Combine(target, name));
                carried._copied.Add(name);
            }
            if (!shards.Contains(name) && Matches(Weights, name)) carried._otherWeights.Add(name);
        }
        return carried;
    }

    private static HashSet<string> ShardNames(Checkpoint checkpoint) => [.. checkpoint.Shards.Select(s => Path.GetFileName(s.Path))];

    private static bool Matches(string[] patterns, string name) =>
        Array.Exists(patterns, p => FileSystemName.MatchesSimpleExpression(p, name));
}
