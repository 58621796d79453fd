using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

[TestFixture]
public class TicketListTests
{
    [TestCase("13 263,278\n297\n", new[] { 13, 263, 278, 297 })]
    [TestCase("# KS-Lottery, Danish\n9\n\n7 # a comma\n", new[] { 9, 7 })]
    [TestCase("id\ttoken\th\n5\t,\t289\n3\t4\t258\n", new[] { 5, 3 }, Description = "the first column, under a heading")]
    [TestCase("4\r\n2", new[] { 4, 2 })]
    public void A_list_keeps_its_order(string text, int[] expected)
    {
        TicketList list = Read(text);
        Assert.That(list.Ids, Is.EqualTo(expected));
        Assert.That(list.Signature, Is.EqualTo($"rows:list|k:{expected.Length}"));
    }

    [TestCase("1\n300\n", "line 2: '300' is no row")]
    [TestCase("1\n-1\n", "line 2: '-1' is no row")]
    [TestCase("1\ttoken\nx\ttoken\n", "line 2: 'x' is no row")]
    [TestCase("1 2\n2\n", "line 2: row 2 is there twice")]
    [TestCase("nothing\n", "no row number in it")]
    [TestCase("", "no row number in it")]
    [TestCase("{\"format\": 1}", "format")]
    public void What_is_wrong_is_named_by_file_and_line(string text, string message) =>
        Assert.That(() => Read(text), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message).And.Message.Contains("list.txt"));

    private static TicketList Read(string text)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("list.txt"), text);
        SafetensorsWriter.Write(folder.File("base.safetensors"), [TensorSource.FromBytes("rows", ElementType.F16, [300, 1], new byte[600])]);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("base.safetensors"));
        return TicketList.Read(folder.File("list.txt"), file.GetTensor("rows"));
    }
}
