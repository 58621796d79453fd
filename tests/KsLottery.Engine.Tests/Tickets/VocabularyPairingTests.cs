using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tests.Transfer;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class VocabularyPairingTests
{
    private static VocabularyPairing Choose(VocabularyFixture pair, RowPairingMode mode = RowPairingMode.Auto)
    {
        using Checkpoint baseModel = Checkpoint.Open(pair.Base), tuned = Checkpoint.Open(pair.Tuned);
        return VocabularyPairing.Choose(baseModel, tuned, baseModel.FindInputEmbedding()!.Shape[0], tuned.FindInputEmbedding()!.Shape[0],
            mode);
    }

    private static VocabularyFixture Pair(string?[] before, string?[] after) => new(before, after, []);

    [Test]
    public void Ids_that_both_name_alike_are_paired_and_the_rest_is_added()
    {
        using VocabularyFixture pair = Pair(VocabularyFixture.Tokens(8), VocabularyFixture.Tokens(8, 2, "[PAD]"));
        VocabularyPairing found = Choose(pair);
        Assert.That((found.Rows.IsById, found.Rows.Count, found.Rows.BaseRows, found.Rows.TunedRows), Is.EqualTo((true, 8, 8, 11)));
        Assert.That(found.Rows.Added, Is.EqualTo(new[] { 8, 9, 10 }));
        Assert.That((found.Rows.Dropped.Count, found.NamedDifferently.Count, found.Remarks.Count), Is.EqualTo((0, 0, 0)));
        Assert.That(found.TunedTokens.Piece(8), Is.EqualTo("[PAD]"));
    }

    [Test]
    public void A_row_of_padding_that_the_fine_tune_gave_a_name_is_no_difference()
    {
        using VocabularyFixture pair = Pair(VocabularyFixture.Tokens(8, 4), VocabularyFixture.Tokens(8, 7, "[PAD]"));
        Assert.That((Choose(pair).Rows.Count, Choose(pair).NamedDifferently.Count), Is.EqualTo((12, 0)));
    }

    [Test]
    public void Ids_of_a_resized_vocabulary_that_are_named_differently_are_refused_by_name_unless_a_way_is_given()
    {
        using VocabularyFixture pair = Pair(VocabularyFixture.Tokens(6), ["t0", "new", "t1", "t2", "t3", "t4", "t5"]);
        Assert.That(() => Choose(pair), Throws.TypeOf<InvalidDataException>().With.Message
            .Contains("5 of 6 common ids are named differently")
            .And.Message.Contains("1 't1' and 'new', 2 't2' and 't1'").And.Message.Contains($"{Remedy.PairByText}").And.Message
            .Contains($"{Remedy.PairById}"));
        VocabularyPairing byId = Choose(pair, RowPairingMode.Id), byText = Choose(pair, RowPairingMode.Text);
        Assert.That((byId.Rows.IsById, byId.Rows.Count), Is.EqualTo((true, 6)));
        Assert.That(byId.NamedDifferently, Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
        Assert.That(byId.Remarks.Single(), Does.Contain("5 of 6 common ids").And.Contain("compared by id"));
        Assert.That(Enumerable.Range(0, 6).Select(byText.Rows.TunedOf), Is.EqualTo(new[] { 0, 2, 3, 4, 5, 6 }));
        Assert.That(byText.Rows.Added, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void In_a_vocabulary_of_one_size_renamed_tokens_are_said_and_moved_ones_refused()
    {
        using VocabularyFixture renamed = Pair(VocabularyFixture.Tokens(6), ["t0", "t1", "<|im_start|>", "t3", "t4", "t5"]);
        VocabularyPairing found = Choose(renamed);
        Assert.That((found.Rows.IsPlain, found.NamedDifferently.Single()), Is.EqualTo((true, 2)));
        Assert.That(found.Remarks.Single(), Does.Contain("2 't2' and '<|im_start|>'"));
        using VocabularyFixture moved = Pair(VocabularyFixture.Tokens(6), ["t0", "t1", "t3", "t2", "t4", "t5"]);
        Assert.That(() => Choose(moved), Throws.TypeOf<InvalidDataException>().With.Message.Contains("2 of 6 common ids").And.Message
            .Contains($"{Remedy.PairByText}"));
        Assert.That(Enumerable.Range(0, 6).Select(Choose(moved, RowPairingMode.Text).Rows.TunedOf), Is.EqualTo(new[] { 0, 1, 3, 2, 4, 5 }));
    }

    [Test]
    public void A_name_that_a_file_beside_the_same_tokenizer_gives_counts()
    {
        using VocabularyFixture pair = Pair(VocabularyFixture.Tokens(6, 2), VocabularyFixture.Tokens(6, 2));
        foreach ((string model, string name) in new[] { (pair.Base, "<|reserved|>"), (pair.Tuned, "<|im_start|>") })
            File.WriteAllText(Path.Combine(model, "added_tokens.json"), $"{{\"{name}\":6}}");
        Assert.That(Choose(pair).NamedDifferently, Is.EqualTo(new[] { 6 }));
    }

    [TestCase(true), TestCase(false)]
    public void Without_a_tokenizer_on_a_side_the_common_rows_are_paired_by_id_with_a_remark(bool hasBase)
    {
        using VocabularyFixture pair = Pair(VocabularyFixture.Tokens(6), ["t0", "new", "t1", "t2", "t3", "t4", "t5"]);
        string missing = hasBase ? pair.Tuned : pair.Base;
        File.Delete(Path.Combine(missing, "tokenizer.json"));
        VocabularyPairing found = Choose(pair);
        Assert.That((found.Rows.IsById, found.Rows.Count), Is.EqualTo((true, 6)));
        Assert.That(found.Remarks.Single(), Does.Contain($"No tokenizer lies beside {missing}").And
            .Contain("first 6 rows are compared by id"));
        Assert.That(() => Choose(pair, RowPairingMode.Text), Throws.TypeOf<InvalidDataException>().With.Message.Contains(missing));
    }

    [Test]
    public void Tokens_of_one_text_are_paired_once_each_and_rows_without_a_name_by_id()
    {
        using VocabularyFixture pair = Pair(["a", "b", "c", "d", null, null], ["d", "b", "x", "a", null]);
        RowPairing rows = Choose(pair, RowPairingMode.Text).Rows;
        Assert.That(Enumerable.Range(0, 6).Select(rows.TunedOf), Is.EqualTo(new[] { 3, 1, -1, 0, 4, -1 }));
        Assert.That((rows.Dropped.Count, rows.Added.Single(), rows.IsById), Is.EqualTo((2, 2, false)));
    }

    [Test]
    public void A_tokenizer_that_cannot_be_read_is_as_none_unless_text_is_to_pair()
    {
        using VocabularyFixture pair = Pair(VocabularyFixture.Tokens(6), VocabularyFixture.Tokens(7));
        File.WriteAllText(Path.Combine(pair.Tuned, "tokenizer.json"), "{");
        VocabularyPairing found = Choose(pair);
        Assert.That(found.Rows.Count, Is.EqualTo(6));
        Assert.That(found.Remarks, Has.Count.EqualTo(2).And.Some.Contains("tokenizer.json").And.Some.EqualTo(
            $"The tokenizer beside {pair.Tuned} cannot be read, so that nobody can say whether ids mean the same: the first 6 rows are "
                + $"compared "
            + "by id."));
        Assert.That(() => Choose(pair, RowPairingMode.Text), Throws.TypeOf<InvalidDataException>().With.Message.Contains("tokenizer.json"));
    }

    [Test]
    public void Messages_name_both_sides_and_what_to_do()
    {
        using VocabularyFixture pair = Pair(VocabularyFixture.Tokens(6), ["t0", "new", "t1", "t2", "t3", "t4", "t5"]);
        const string Five = "1 't1' and 'new', 2 't2' and 't1', 3 't3' and 't2', 4 't4' and 't3', 5 't5' and 't4'";
        string which = $"5 of 6 common ids are named differently by the tokenizers of {pair.Base} and {pair.Tuned}: {Five}";
        Assert.That(() => Choose(pair), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
            $"{which}. Rows of one id need not be one token's. Pair them by the text of the tokens ({Remedy.PairByText}), "
            + $"or by id all the same ({Remedy.PairById})."));
        Assert.That(Choose(pair, RowPairingMode.Id).Remarks, Is.EqualTo(new[] { $"{which}. Rows are compared by id." }));
        File.Delete(Path.Combine(pair.Base, "tokenizer.json"));
        Assert.That(Choose(pair).Remarks, Is.EqualTo(new[]
        {
            $"No tokenizer lies beside {pair.Base}, so that nobody can say whether ids mean the same: the first 6 rows are compared by id.",
        }));
        Assert.That(() => Choose(pair, RowPairingMode.Text), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
            $"{pair.Base}: no tokenizer lies beside it, and rows are to be paired by the text of their tokens. "
            + $"Copy its tokenizer there, or pair rows by id ({Remedy.PairById})."));
        using VocabularyFixture six = Pair(VocabularyFixture.Tokens(7), ["t6", "t1", "t0", "t2", "t3", "t4", "t5"]);
        Assert.That(() => Choose(six),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("5 't5' and 't4', …. Rows of one id"), "five are named");
    }

    [Test]
    public void A_tokenizer_that_lies_elsewhere_names_the_bases_rows()
    {
        using VocabularyFixture pair = Pair(VocabularyFixture.Tokens(6), ["t0", "t1", "t3", "t2", "t4", "t5", "t6"]);
        File.Move(Path.Combine(pair.Base, "tokenizer.json"), pair.File("tokenizer.json"));
        using Checkpoint baseModel = Checkpoint.Open(pair.Base), tuned = Checkpoint.Open(pair.Tuned);
        VocabularyPairing found = VocabularyPairing.Choose(baseModel, tuned, 6, 7, RowPairingMode.Text, pair.File("tokenizer.json"));
        Assert.That(Enumerable.Range(0, 6).Select(found.Rows.TunedOf), Is.EqualTo(new[] { 0, 1, 3, 2, 4, 5 }));
        Assert.That((found.Remarks.Count, found.Rows.Added.Single()), Is.EqualTo((0, 6)));
        Assert.That(() => VocabularyPairing.Choose(null!, tuned, 6, 7), Throws.ArgumentNullException);
        Assert.That(() => VocabularyPairing.Choose(baseModel, null!, 6, 7), Throws.ArgumentNullException);
    }

    [Test]
    public void Ids_are_common_where_both_tokenizers_have_them_and_one_that_moved_is_enough_to_refuse()
    {
        using VocabularyFixture padded = Pair(VocabularyFixture.Tokens(6, 2), ["t0", "new", "t3", "t2", "t4", "t5", "t6", null]);
        Assert.That(() => Choose(padded), Throws.TypeOf<InvalidDataException>().With.Message.StartWith(
            "3 of 6 common ids are named differently by the tokenizers of "));
    }

    [Test]
    public void Vocabularies_of_one_tokenizer_need_not_be_read()
    {
        using VocabularyFixture pair = Pair(VocabularyFixture.Tokens(6), VocabularyFixture.Tokens(6));
        foreach (string model in (string[])[pair.Base, pair.Tuned]) File.WriteAllText(Path.Combine(model, "added_tokens.json"), "{}");
        foreach (string model in (string[])[pair.Base, pair.Tuned]) File.WriteAllText(Path.Combine(model, "tokenizer.json"), "{");
        VocabularyPairing found = Choose(pair);
        Assert.That((found.Rows.IsPlain, found.Remarks.Count, found.TunedTokens), Is.EqualTo((true, 0, RowTokens.None)));
        File.Delete(Path.Combine(pair.Tuned, "tokenizer.json"));
        Assert.That(Choose(pair).TunedTokens, Is.SameAs(RowTokens.None), "one alone says nothing of common ids");
        File.WriteAllText(Path.Combine(pair.Tuned, "tokenizer.json"), "[");
        Assert.That(Choose(pair).TunedTokens, Is.Not.SameAs(RowTokens.None), "one byte differs");
        Assert.That(Choose(pair).Remarks, Is.Empty, "rows of one size are compared by id in any case");
    }
}
