using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Tests.Ranks;

public sealed class RankAgreementTests
{
    [Test]
    public void Ranks_that_differ_are_named_with_both_values_on_all()
    {
        string[] messages = ThreadRanks.Run(4, ranks =>
        {
            RankAgreement.ThrowIfDifferent(ranks, ("the version", "1.0"), ("nothing", ""));
            try
            {
                RankAgreement.ThrowIfDifferent(ranks, ("the version", "1.0"), ("the input", ranks.Rank == 2 ? "b" : "a"));
                return "";
            }
            catch (RanksDifferException e)
            {
                return e.Message;
            }
        });
        Assert.That(messages, Is.All.EqualTo("the input differs between ranks: rank 0 has a, rank 2 has b. Give all ranks the same."));
    }

    [TestCase("0-3", 4)]
    [TestCase(" 5\n", 1)]
    [TestCase("0,2-3,8", 4)]
    [TestCase("", 0)]
    [TestCase("x-3", 0)]
    public void Processors_of_a_list_are_counted(string list, int count) => Assert.That(ProcessorBinding.Count(list), Is.EqualTo(count));
}
