using System.Xml;

namespace KsLottery.Engine.Tests.Reports;

/// <summary>Reads pages and drawings as strict XML.</summary>
internal static class Parsed
{
    public static XmlDocument Xml(string text)
    {
        XmlDocument document = new() { XmlResolver = null };
        using XmlReader reader = XmlReader.Create(new StringReader(text),
            new() { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
        document.Load(reader);
        return document;
    }
}
