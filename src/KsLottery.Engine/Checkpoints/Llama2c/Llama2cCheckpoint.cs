using System.Diagnostics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>A model in the <c>.bin</c> form of llama2.c, legacy (version 0) or version 1: its header, checked against the file's
/// length.</summary>
/// <remarks>
/// All weights are F32. Only the header is read at once. <c>Llama2cConversion</c> writes such a file as a folder that everything else
/// here reads.
/// </remarks>
internal sealed class Llama2cCheckpoint : IDisposable
{
    private readonly FileBytes _bytes;

    private Llama2cCheckpoint(FileBytes bytes)
    {
        _bytes = bytes;
        int start = (int)Math.Min(Llama2cHeader.Length, bytes.Length);
        Header = Llama2cHeader.Parse(bytes.Path, bytes.GetBytes(0, start, stackalloc byte[start]));
        Llama2cSection[] sections = Llama2cSection.InOrder(Header);
        // Before the list of tensors, whose length a damaged header could make as long as it likes.
        ThrowIfLengthDiffers(sections);
        Tensors = [.. Place(sections)];
    }

    /// <summary>The path as it was given.</summary>
    public string Path => _bytes.Path;

    /// <summary>The file's length in bytes.</summary>
    public long Length => _bytes.Length;

    /// <summary>The model's dimensions.</summary>
    public Llama2cHeader Header { get; }

    /// <summary>The number of weights; an embedding that is also the head counts once.</summary>
    public long ParameterCount => Tensors.Sum(t => t.ByteLength) / sizeof(float);

    /// <summary>The tensors in the order of the file, named and ordered as Hugging Face does.</summary>
    internal IReadOnlyList<Llama2cTensor> Tensors { get; }

    /// <summary>Opens a file and checks that it is what its header says.</summary>
    /// <param name="path">The <c>.bin</c> file.</param>
    /// <param name="options">How to read; mapped into memory by default.</param>
    /// <exception cref="CheckpointFormatException">
    /// <see cref="CheckpointDefect.InvalidLlama2cHeader"/>: a dimension that no model has, or heads that do not divide what they should;
    /// <see cref="CheckpointDefect.UnsupportedLlama2cVersion"/>: another version, for instance the quantised version 2;
    /// <see cref="CheckpointDefect.Llama2cLengthMismatch"/>: the file is not as long as its header asks for.
    /// </exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The path is a folder, or may not be read.</exception>
    public static Llama2cCheckpoint Open(string path, CheckpointOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileBytes bytes = FileBytes.Open(path, options);
        try
        {
            return new Llama2cCheckpoint(bytes);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Releases the file at once.</summary>
    public void Dispose() => _bytes.Dispose();

    private void ThrowIfLengthDiffers(Llama2cSection[] sections)
    {
        UInt128 expected = (uint)Header.DataOffset;
        foreach (Llama2cSection section in sections)
            expected += section.ElementCount * sizeof(float) * (section.IsPerLayer ? (uint)Header.LayerCount : 1);
        if (expected == (ulong)Length) return;
        string tied = Header.IsTied ? "tied" : "untied";
        throw new CheckpointFormatException(CheckpointDefect.Llama2cLengthMismatch, Path,
            $"the header asks for {expected} bytes (version {Header.Version}, dim {Header.Width}, hidden_dim {Header.HiddenWidth}, "
            + $"n_layers {Header.LayerCount}, n_heads {Header.HeadCount}, n_kv_heads {Header.KeyValueHeadCount}, "
            + $"vocab_size {Header.VocabularySize}, seq_len {Header.SequenceLength}, {tied}), the file has {Length}",
            expected > (ulong)Length
                ? "The file is cut short or has another form: fetch or export it again"
                : "The file has a foreign tail or another form: fetch or export it again",
            byteOffset: (long)UInt128.Min(expected, (ulong)Length));
    }

    private IEnumerable<Llama2cTensor> Place(Llama2cSection[] sections)
    {
        long offset = Header.DataOffset;
        foreach (Llama2cSection section in sections)
        {
            for (int layer = 0; layer < (section.IsPerLayer ? Header.LayerCount : 1); layer++)
            {
                if (section.Name is not null)
                    yield return new Llama2cTensor(_bytes, section.NameIn(layer), section.Shape, offset, section.RotaryHeads);
                offset += (long)section.ElementCount * sizeof(float);
            }
        }
        Debug.Assert(offset == Length);
    }
}
