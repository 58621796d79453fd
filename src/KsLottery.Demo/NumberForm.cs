namespace KsLottery.Demo;

/// <summary>What a written number agrees with: nothing where it stands alone, or the gender of the noun after it.</summary>
internal enum NumberForm
{
    Alone,
    Masculine,
    Feminine,
}
