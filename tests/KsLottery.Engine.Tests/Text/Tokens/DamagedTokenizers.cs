using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Tokens;

/// <summary>Feeds damaged files to a reader: each gives the documented exception or a table, never anything else.</summary>
internal static class DamagedTokenizers
{
    /// <summary>Reads every prefix of a file.</summary>
    /// <returns>The number of tokens in each prefix that was read, by its length.</returns>
    public static Dictionary<int, int> ReadPrefixes(byte[] file, Func<string, byte[], ITokenizerFile> parse)
    {
        Dictionary<int, int> counts = [];
        for (int length = 0; length <= file.Length; length++)
        {
            if (TryRead(file[..length], parse) is { } table)
                counts.Add(length, table.Count);
        }
        return counts;
    }

    /// <summary>Reads a file many times with a few bytes changed.</summary>
    /// <returns>How often it could still be read.</returns>
    public static int ReadMutations(byte[] file, int times, Func<string, byte[], ITokenizerFile> parse)
    {
        Random random = new(7);
        int read = 0;
        for (int time = 0; time < times; time++)
        {
            byte[] damaged = [.. file];
            for (int change = random.Next(1, 4); change > 0; change--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            if (TryRead(damaged, parse) is not null) read++;
        }
        return read;
    }

    private static ITokenizerFile? TryRead(byte[] file, Func<string, byte[], ITokenizerFile> parse)
    {
        ITokenizerFile table;
        try
        {
            table = parse("damaged", file);
        }
        catch (InvalidDataException fault)
        {
            Assert.That(fault.Message, Does.Match("^damaged: byte [0-9]+: ."));
            return null;
        }
        for (int id = 0; id < table.Count; id += 17)
        {
            _ = VisibleText.Escape(table.Bytes(id)) + table.Piece(id);
            Assert.That(table.Kind(id), Is.Not.EqualTo(TokenKind.Padded));
        }
        return table;
    }
}
