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
    default:
        Console.Error.WriteLine("""
            compare DATA COUNT [KIND]   encodes and decodes COUNT texts of each kind with the tokenizers library and here; DATA is ../shared/data
            tables FILE CLASSES         writes Tokens/Data/unicode.txt; CLASSES has a combining class and its code points on each line
            """);
        return 1;
}
