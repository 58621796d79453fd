using System.Globalization;
using KsLottery.TokenizerPeers;

switch (args)
{
    case ["tables", var path, var combiningClasses]:
        UnicodeTableWriter.Write(path, combiningClasses);
        return 0;
    case ["compare", var data, var count, .. var rest]:
        return PeerReport.Write(data, int.Parse(count, NumberStyles.None, CultureInfo.InvariantCulture), rest is [var only, ..] ? only
            : "", Console.Out);
    case ["open", .. var sizes]:
        OpenTiming.Write(sizes is [] ? [512, 4096, 32_000, 128_000]
            : [.. sizes.Select(size => int.Parse(size, NumberStyles.None, CultureInfo.InvariantCulture))], Console.Out);
        return 0;
    default:
        Console.Error.WriteLine("""
            compare DATA COUNT [KIND]   encodes and decodes COUNT texts of each kind with the tokenizers library and here; DATA is ../shared/data
            open [PIECES...]            measures how long files of so many pieces take to open
            tables FILE CLASSES         writes Tokens/Data/unicode.txt; CLASSES has a combining class and its code points on each line
            """);
        return 1;
}
