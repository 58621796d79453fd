namespace KsLottery.Cli;

/// <summary>Marks a <see cref="FreeTextOption{T}"/>, whatever its type.</summary>
internal interface IFreeText;
