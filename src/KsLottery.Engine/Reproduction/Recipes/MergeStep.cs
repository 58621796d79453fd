namespace KsLottery.Engine.Reproduction;

/// <summary>Adds to the base what some steps changed, each over the model that it went on from: composable sparse fine-tuning (Ansell et
/// al., ACL 2022), and the same with whole models.</summary>
/// <remarks>So a task that was trained from a language's model comes without that language. Sums go as
/// <see cref="Transfer.MergeMethod.Add"/> says.</remarks>
/// <param name="Name">Its name.</param>
/// <param name="Of">The steps, in their order.</param>
public sealed record MergeStep(string Name, IReadOnlyList<string> Of) : RecipeStep(Name)
{
    internal override IEnumerable<string> Models => Of;

    internal override string Origin => Base;

    internal override IEnumerable<string> Parts => Of;
}
