namespace KsLottery.Demo;

/// <summary>One meaning in English and in another language.</summary>
internal readonly record struct DemoTranslation(string English, string Target);
