namespace KsLottery.Demo;

/// <summary>What a slot of a sentence holds; its value is a number, to which each language gives the words.</summary>
internal enum Slot
{
    /// <summary>A name: "Anna".</summary>
    Person,

    /// <summary>"Rome".</summary>
    City,

    /// <summary>"the train".</summary>
    Vehicle,

    /// <summary>What opens and closes: "the museum".</summary>
    Building,

    /// <summary>What has a price: "the book".</summary>
    Ware,

    /// <summary>"in the garden".</summary>
    Place,

    /// <summary>A weekday from 0 (Monday): "Monday".</summary>
    Day,

    /// <summary>The same as a time: "on Monday".</summary>
    OnDay,

    /// <summary>A day of a year without 29 February, from 0: "the fourteenth of March".</summary>
    Date,

    /// <summary>The same as a time: "on the fourteenth of March".</summary>
    OnDate,

    /// <summary>A year, in digits.</summary>
    Year,

    /// <summary>Steps of five minutes after twelve o'clock, 0 to 143: "at a quarter past seven".</summary>
    At,

    /// <summary>A number that stands alone: "one".</summary>
    Number,

    /// <summary>A number before "euros", "years" and such, all of them masculine where that matters.</summary>
    Amount,

    /// <summary>A number times <see cref="Meaning.Nouns"/>, plus the index of a noun: "four apples".</summary>
    Counted,
}
