// The one place that names what BannedSymbols.txt bans.
#pragma warning disable RS0030
using NUnit.Framework.Constraints;

namespace KsLottery.Tests.Support;

/// <summary>NUnit's <c>Is</c>, whose bounds no NaN meets: NUnit orders NaN below every number, so that it is less than 1 and
/// Is.Negative.</summary>
internal abstract class Is : NUnit.Framework.Is
{
    public static new Constraint LessThan(object limit) => new NumbersConstraint(NUnit.Framework.Is.LessThan(limit), limit);

    public static new Constraint LessThanOrEqualTo(object limit) =>
        new NumbersConstraint(NUnit.Framework.Is.LessThanOrEqualTo(limit), limit);

    public static new Constraint AtMost(object limit) => LessThanOrEqualTo(limit);

    public static new Constraint GreaterThan(object limit) => new NumbersConstraint(NUnit.Framework.Is.GreaterThan(limit), limit);

    public static new Constraint GreaterThanOrEqualTo(object limit) =>
        new NumbersConstraint(NUnit.Framework.Is.GreaterThanOrEqualTo(limit), limit);

    public static new Constraint AtLeast(object limit) => GreaterThanOrEqualTo(limit);

    public static new Constraint InRange(object least, object most) =>
        new NumbersConstraint(NUnit.Framework.Is.InRange(least, most), least, most);

    public static new Constraint Positive => GreaterThan(0);

    public static new Constraint Negative => LessThan(0);

    /// <summary>Each at least the one before it.</summary>
    public static new Constraint Ordered => new NumbersConstraint(NUnit.Framework.Is.Ordered);

    /// <summary>Each at most the one before it.</summary>
    public static Constraint OrderedDescending => new NumbersConstraint(NUnit.Framework.Is.Ordered.Descending);
}
