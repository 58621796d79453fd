using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
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
        Assert.That(() => Read(text), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message).And.Message
            .Contains("list.txt"));

    [TestCase("1\n300\n", "line 2: '300' is no row of the embedding, which has 0 to 299. Mend the line.")]
    [TestCase("id\n5\n\nid\n", "line 4: 'id' is no row of the embedding, which has 0 to 299. Mend the line.")]
    [TestCase("299\n299\n", "line 2: row 299 is there twice. Give each row once.")]
    [TestCase("# none\n", "no row number in it. Give one or more.")]
    public void A_message_says_what_to_do(string text, string message) =>
        Assert.That(() => Read(text), Throws.TypeOf<InvalidDataException>().With.Message.EndWith("list.txt: " + message));

    [TestCase(""), TestCase(" \n\t")]
    public void The_rows_of_a_ticket_are_a_list_best_first(string before)
    {
        using TemporaryFolder folder = new();
        using SafetensorsFile file = WriteBase(folder);
        Ticket ticket = Of(file, new BelowAlpha());
        TicketFile.Write(folder.File("ticket.json"), ticket);
        File.WriteAllText(folder.File("ticket.json"), before + File.ReadAllText(folder.File("ticket.json")));
        TicketList list = TicketList.Read(folder.Path, file.GetTensor("rows"));
        Assert.That(list.Ids, Is.EqualTo(new[] { 3, 1 }));
        Assert.That(list.Signature, Is.EqualTo(ticket.Signature.ToString()));
        Assert.That(() => TicketList.Read(folder.Path, file.GetTensor("rows"), new(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void A_ticket_of_another_matrix_or_without_a_row_is_refused()
    {
        using TemporaryFolder folder = new();
        using SafetensorsFile file = WriteBase(folder);
        Tensor tensor = file.GetTensor("rows");
        Ticket ticket = Of(file, new BelowAlpha());
        string path = folder.File("t");
        TicketFile.Write(path, ticket with { Origin = ticket.Origin with { Tensor = "other", BaseFingerprint = "sha256:0" } });
        Assert.That(() => TicketList.Read(path, tensor), Throws.TypeOf<TicketMismatchException>().With.Message.EqualTo(
            $"{path}: the ticket was found in \"other\" with the fingerprint sha256:0, but {file.Path}, tensor \"rows\", has "
            + $"{ticket.Origin.BaseFingerprint}. Tune the base that the ticket was found in, or give its row numbers as a list."));
        TicketFile.Write(path, Of(file, new BelowAlpha { Alpha = 1e-9 }));
        Assert.That(() => TicketList.Read(path, tensor), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
            $"{path}: the ticket is empty, there is nothing to train. Find one with {Remedy.SelectOther}."));
        Assert.That(() => TicketList.Read("", tensor), Throws.ArgumentException);
        Assert.That(() => TicketList.Read(path, null!), Throws.ArgumentNullException);
    }

    private static SafetensorsFile WriteBase(TemporaryFolder folder)
    {
        SafetensorsWriter.Write(folder.File("base.safetensors"), [TensorSource.FromBytes("rows", ElementType.F16, [4, 8], new byte[64])]);
        return SafetensorsFile.Open(folder.File("base.safetensors"));
    }

    private static Ticket Of(SafetensorsFile file, TicketSelection selection)
    {
        RowScanResult scan = SmallMatrices.Scan([.. new[] { 0, 6, 1, 8 }.Select(SmallMatrices.Lifted)]);
        string fingerprint = Fingerprint.OfTensor(file.GetTensor("rows"));
        return Ticket.Select(new(scan, selection), SmallMatrices.Origin(scan) with { BaseFingerprint = fingerprint });
    }

    private static TicketList Read(string text)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("list.txt"), text);
        SafetensorsWriter.Write(folder.File("base.safetensors"),
            [TensorSource.FromBytes("rows", ElementType.F16, [300, 1], new byte[600])]);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("base.safetensors"));
        return TicketList.Read(folder.File("list.txt"), file.GetTensor("rows"));
    }
}
