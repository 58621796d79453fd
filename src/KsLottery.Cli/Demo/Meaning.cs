using System.Numerics;
using KsLottery.Engine;

namespace KsLottery.Cli.Demo;

/// <summary>What a sentence says, apart from any language: a frame and the values of its slots.</summary>
internal readonly record struct Meaning(Frame Frame, int A, int B = 0, int C = 0, int D = 0)
{
    public const int Persons = 12;
    public const int Cities = 10;
    public const int Vehicles = 4;
    public const int Buildings = 9;
    public const int Wares = 10;
    public const int Places = 8;
    public const int Regions = 7;
    public const int Nouns = 12;
    public const int Days = 7;
    public const int DaysOfYear = 365;
    public const int Hour = 12;
    public const int Times = 12 * Hour;
    private const int Frames = (int)Frame.Sum + 1;

    private static readonly Slot[][] SlotsOf =
    [
        [Slot.Vehicle, Slot.City, Slot.OnDay, Slot.At],
        [Slot.Building, Slot.At, Slot.At],
        [Slot.Building, Slot.At],
        [Slot.Person, Slot.Building, Slot.At],
        [Slot.Ware, Slot.Amount],
        [Slot.Person, Slot.Counted],
        [Slot.Person, Slot.Counted, Slot.Person],
        [Slot.Counted, Slot.Place],
        [Slot.Person, Slot.OnDate, Slot.Year],
        [Slot.Day, Slot.Date],
        [Slot.ItIs],
        [Slot.Person, Slot.At],
        [Slot.Person, Slot.Day, Slot.Day],
        [Slot.Person, Slot.Amount, Slot.City],
        [Slot.Amount, Slot.City, Slot.City],
        [Slot.Region, Slot.Amount],
        [Slot.Number, Slot.Number, Slot.Number],
    ];

    /// <summary>What the frame's slots hold.</summary>
    public ReadOnlySpan<Slot> Slots => SlotsOf[(int)Frame];

    /// <summary>The value of a slot.</summary>
    public int this[int slot] => slot switch { 0 => A, 1 => B, 2 => C, _ => D };

    /// <summary>A number that depends on the meaning alone, evenly spread.</summary>
    public ulong Hash => Mix(Mix(Mix(Mix(Mix(0, (int)Frame), A), B), C), D);

    /// <summary>Draws one, each frame equally often.</summary>
    public static Meaning Draw(ref SplitMix64 random)
    {
        Frame frame = (Frame)random.NextBelow(Frames);
        int person = random.NextBelow(Persons), building = random.NextBelow(Buildings);
        switch (frame)
        {
            case Frame.Departure:
                return new(frame, random.NextBelow(Vehicles), random.NextBelow(Cities), random.NextBelow(Days), random.NextBelow(Times));
            case Frame.Hours: return new(frame, building, Between(7, 11, ref random), Between(2, 8, ref random));
            case Frame.Question: return new(frame, building, Between(7, 11, ref random));
            case Frame.Report: return new(frame, person, building, Between(7, 11, ref random));
            case Frame.Price: return new(frame, random.NextBelow(Wares), Amount(2, 999, ref random));
            case Frame.Owning: return new(frame, person, Counted(ref random));
            case Frame.Buying: return new(frame, person, Counted(ref random), Other(person, Persons, ref random));
            case Frame.Being: return new(frame, Counted(ref random), random.NextBelow(Places));
            case Frame.Birth: return new(frame, person, random.NextBelow(DaysOfYear), 1930 + random.NextBelow(90));
            case Frame.Today: return new(frame, random.NextBelow(Days), random.NextBelow(DaysOfYear));
            case Frame.Clock: return new(frame, random.NextBelow(Times));
            case Frame.Rising: return new(frame, person, Between(5, 9, ref random));
            case Frame.Work:
                int first = random.NextBelow(Days - 1);
                return new(frame, person, first, first + 1 + random.NextBelow(Days - 1 - first));
            case Frame.Age: return new(frame, person, Amount(12, 99, ref random), random.NextBelow(Cities));
            case Frame.Distance:
                int from = random.NextBelow(Cities);
                return new(frame, Amount(200, 3_000, ref random), from, Other(from, Cities, ref random));
            case Frame.Inhabitants: return new(frame, random.NextBelow(Regions), Amount(100, WrittenNumbers.Max, ref random));
            default:
                int a = 1 + random.NextBelow(49), b = 1 + random.NextBelow(49);
                return new(frame, a, b, a + b);
        }
    }

    private static int Between(int hour, int end, ref SplitMix64 random) => hour * Hour + random.NextBelow((end - hour) * Hour);

    private static int Other(int index, int count, ref SplitMix64 random) => (index + 1 + random.NextBelow(count - 1)) % count;

    private static int Counted(ref SplitMix64 random) => Amount(2, 99, ref random) * Nouns + random.NextBelow(Nouns);

    // Small numbers are more frequent than large ones, and large ones are round, as in life. None ends in 01, for before a noun
    // German and Danish bend that last word.
    private static int Amount(int least, int most, ref SplitMix64 random)
    {
        int doublings = BitOperations.Log2((uint)(most / least));
        int top = most >> random.NextBelow(doublings + 1);
        int number = least + random.NextBelow(top - least + 1);
        int round = number < 1_000 ? 1 : number < 10_000 ? 10 : number < 100_000 ? 1_000 : 10_000;
        number -= number % round;
        return number % 100 == 1 ? number + 1 : number;
    }

    private static ulong Mix(ulong hash, int value) => SplitMix64.Mix(hash ^ (uint)value);
}
