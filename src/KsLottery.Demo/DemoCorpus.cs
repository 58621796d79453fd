using KsLottery.Engine.Numerics;

namespace KsLottery.Demo;

/// <summary>The text of the demo's experiment: what a base learns from, and translations to tune and to score it on.</summary>
/// <remarks>
/// The base is to meet sentences beside their translations, both ways and written in several manners, but never after an instruction.
/// So it can translate, as far as a few minutes of training go, before it knows when to; that is what a ticket of a few rows can teach it.
/// A document goes on after a translation, and so does the base, until tuning teaches it to stop.
/// </remarks>
/// <param name="seed">Decides every text; the parts stay disjoint whatever it is.</param>
/// <param name="target">The language that the base learns besides English.</param>
internal sealed class DemoCorpus(ulong seed, Language target)
{
    private const double EnglishShare = 0.12;
    private const double TargetShare = 0.06;
    private const double WordShare = 0.12;
    private const int MaxRepeats = 1_000;

    private static readonly string[] SentenceForms =
    [
        "English: {0}\n{2}: {1}",
        "{2}: {1}\nEnglish: {0}",
        "{0} In {2}: {1}",
        "{1} In English: {0}",
    ];

    private static readonly string[] WordForms =
    [
        "The {2} for \"{0}\" is \"{1}\".",
        "In {2}, \"{0}\" is \"{1}\".",
        "\"{1}\" is {2} for \"{0}\".",
        "\"{1}\" means \"{0}\".",
    ];

    // What a dictionary holds, and how many values each has; a number's lower ones are the words that others are made of.
    private static readonly (Slot Slot, int Values)[] Entries =
    [
        (Slot.City, Meaning.Cities), (Slot.Vehicle, Meaning.Vehicles), (Slot.Building, Meaning.Buildings), (Slot.Ware, Meaning.Wares),
        (Slot.Place, Meaning.Places), (Slot.OnDay, Meaning.Days), (Slot.Day, Meaning.Days), (Slot.Date, Meaning.DaysOfYear),
        (Slot.At, Meaning.Times), (Slot.Number, 21), (Slot.Number, 100), (Slot.Number, WrittenNumbers.Max + 1),
    ];

    /// <summary>Documents of a few lines each for the base to learn from, about so many characters in all.</summary>
    public IReadOnlyList<string> PretrainText(int characters)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(characters);
        SplitMix64 random = Stream(DemoSplit.Pretraining);
        List<string> documents = [];
        for (int length = 0; length < characters; length += documents[^1].Length + 1)
        {
            double kind = random.NextDouble();
            documents.Add(kind < EnglishShare ? Story(Language.English, ref random)
                : kind < EnglishShare + TargetShare ? Story(target, ref random)
                : kind < EnglishShare + TargetShare + WordShare ? Dictionary(ref random)
                : Parallel(ref random));
        }
        return documents;
    }

    /// <summary>Documents in one language alone, of what a base may read, about so many characters in all.</summary>
    public IReadOnlyList<string> Stories(Language language, int characters)
    {
        SplitMix64 random = new(SplitMix64.Mix(~seed) + (ulong)DemoSplit.Pretraining);
        List<string> documents = [];
        for (int length = 0; length < characters; length += documents[^1].Length + 1) documents.Add(Story(language, ref random));
        return documents;
    }

    /// <summary>Different translations of a part; the same meanings in the same order whatever the target.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part has not so many, or the last are too rare to be drawn.</exception>
    public IReadOnlyList<DemoTranslation> Pairs(int count, DemoSplit split)
    {
        SplitMix64 random = Stream(split);
        HashSet<Meaning> seen = [];
        List<DemoTranslation> pairs = [];
        int repeats = 0;
        while (pairs.Count < count)
        {
            Meaning meaning = Draw(split, ref random);
            if (seen.Add(meaning))
            {
                repeats = 0;
                pairs.Add(new(Language.English.Say(meaning), target.Say(meaning)));
            }
            else if (++repeats == MaxRepeats)
            {
                throw new ArgumentOutOfRangeException(nameof(count), count,
                    $"After {pairs.Count} different pairs of the part {split}, {MaxRepeats} draws found no other. "
                    + $"Ask for 0 to {pairs.Count}.");
            }
        }
        return pairs;
    }

    /// <summary>The part that a meaning belongs to, by its hash: six tenths, three and one.</summary>
    public static DemoSplit SplitOf(Meaning meaning) => (meaning.Hash % 10) switch
    {
        < 6 => DemoSplit.Pretraining,
        < 9 => DemoSplit.Training,
        _ => DemoSplit.Test,
    };

    private static Meaning Draw(DemoSplit split, ref SplitMix64 random)
    {
        Meaning meaning;
        do meaning = Meaning.Draw(ref random);
        while (SplitOf(meaning) != split);
        return meaning;
    }

    private static string Story(Language language, ref SplitMix64 random)
    {
        string[] sentences = new string[3 + random.NextBelow(4)];
        for (int i = 0; i < sentences.Length; i++) sentences[i] = language.Say(Draw(DemoSplit.Pretraining, ref random));
        return string.Join(random.NextBelow(2) == 0 ? ' ' : '\n', sentences);
    }

    private string Parallel(ref SplitMix64 random)
    {
        string form = SentenceForms[random.NextBelow(SentenceForms.Length)];
        string[] lines = new string[2 + random.NextBelow(3)];
        for (int i = 0; i < lines.Length; i++)
        {
            Meaning meaning = Draw(DemoSplit.Pretraining, ref random);
            lines[i] = string.Format(null, form, Language.English.Say(meaning), target.Say(meaning), target.Name);
        }
        return string.Join('\n', lines);
    }

    private string Dictionary(ref SplitMix64 random)
    {
        string form = WordForms[random.NextBelow(WordForms.Length)];
        string[] lines = new string[3 + random.NextBelow(4)];
        for (int i = 0; i < lines.Length; i++)
        {
            (Slot slot, int values) = Entries[random.NextBelow(Entries.Length)];
            int value = random.NextBelow(values);
            lines[i] = string.Format(null, form, Language.English.Render(slot, value), target.Render(slot, value), target.Name);
        }
        return string.Join('\n', lines);
    }

    private SplitMix64 Stream(DemoSplit split) => new(SplitMix64.Mix(seed) + (ulong)split);
}
