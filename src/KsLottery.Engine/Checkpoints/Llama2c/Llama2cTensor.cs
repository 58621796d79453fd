namespace KsLottery.Engine.Checkpoints;

/// <summary>One F32 tensor of a llama2.c file, as Hugging Face names and orders it.</summary>
/// <param name="bytes">The file.</param>
/// <param name="name">The tensor's name.</param>
/// <param name="shape">Its dimensions.</param>
/// <param name="offset">The byte at which it begins.</param>
/// <param name="rotaryHeads">The heads whose rows stand in pairs for rotary positions; 0 where rows keep their order.</param>
internal sealed class Llama2cTensor(FileBytes bytes, string name, long[] shape, long offset, int rotaryHeads)
{
    private const int ChunkLength = 1 << 20;

    public string Name => name;

    public IReadOnlyList<long> Shape => shape;

    public long ByteLength { get; } = sizeof(float) * shape.Aggregate(1L, (product, d) => checked(product * d));

    /// <summary>Passes the bytes by in chunks of whole values, none longer than the longer of 1 MiB and a row; none stays
    /// resident.</summary>
    public void Visit(Action<ReadOnlySpan<byte>> visit)
    {
        if (rotaryHeads > 0) VisitHeads(visit);
        else VisitInOrder(visit);
    }

    private void VisitInOrder(Action<ReadOnlySpan<byte>> visit)
    {
        byte[] buffer = bytes.IsMapped ? [] : new byte[Math.Min(ByteLength, ChunkLength)];
        for (long done = 0; done < ByteLength; done += ChunkLength)
        {
            int length = (int)Math.Min(ChunkLength, ByteLength - done);
            visit(bytes.GetBytes(offset + done, length, buffer));
            bytes.DontNeed(offset + done, length);
        }
    }

    /// <summary>
    /// Rotary positions turn values 2i and 2i + 1 of a head in llama2.c, and values i and i + half a head in Hugging Face's models: the
    /// even rows of every head come first there, then the odd ones.
    /// </summary>
    private void VisitHeads(Action<ReadOnlySpan<byte>> visit)
    {
        int rowLength = (int)shape[1] * sizeof(float);
        long rows = shape[0] / rotaryHeads, headLength = rows * rowLength;
        byte[] buffer = bytes.IsMapped ? [] : new byte[rowLength];
        for (long head = offset; head < offset + ByteLength; head += headLength)
        {
            for (int odd = 0; odd < 2; odd++)
                for (long row = odd; row < rows; row += 2)
                    visit(bytes.GetBytes(head + row * rowLength, rowLength, buffer));
            bytes.DontNeed(head, headLength);
        }
    }
}
