namespace KsLottery.Engine.Reproduction;

/// <summary>Multiplies all matrices of a model with one number: what does not change then is free of scale.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Of">The step whose model it is.</param>
/// <param name="By">The number, not 0.</param>
public sealed record ScaleStep(string Name, string Of, double By) : RecipeStep(Name)
{
    internal override IEnumerable<string> Models => [Of];

    internal override string Origin => Of;
}
