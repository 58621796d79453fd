#!/usr/bin/env bash
# NUnit's bounds hold of NaN: Assert.That(error, Is.LessThan(1e-6)) passes where error is NaN.
#
# The constraints that order values ask IComparable, which puts NaN below every number, and not the operators <, <=, > and >=, which are false
# of it. So NaN is less than 1 and Is.Negative, every number is greater than NaN, and a range may begin at NaN. A test of numerical code passes
# when the code gives no number at all. Is.EqualTo(x).Within(t) fails as it should, but for x that is NaN too. LINQ hides the same error one
# step earlier: Enumerable.Max and MaxBy leave NaN out, so that the largest of some differences is never NaN, while Min, MinBy and Math.Max
# give it.
#
# Seen with NUnit 5.0.0 on .NET 10.0. Needs the .NET 10 SDK. Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >check.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
    <InvariantGlobalization>true</InvariantGlobalization></PropertyGroup>
  <ItemGroup><PackageReference Include="NUnit" Version="5.0.0" /></ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using NUnit.Framework;

const double NaN = double.NaN;
Say("NaN, Is.LessThan(1e-6)", NaN < 1e-6, () => Assert.That(NaN, Is.LessThan(1e-6)));
Say("NaN, Is.AtMost(1e-6)", NaN <= 1e-6, () => Assert.That(NaN, Is.AtMost(1e-6)));
Say("NaN, Is.Negative", NaN < 0, () => Assert.That(NaN, Is.Negative));
Say("NaN, Is.GreaterThan(1)", NaN > 1, () => Assert.That(NaN, Is.GreaterThan(1)));
Say("1, Is.GreaterThan(NaN)", 1 > NaN, () => Assert.That(1.0, Is.GreaterThan(NaN)));
Say("1, Is.AtLeast(NaN)", 1 >= NaN, () => Assert.That(1.0, Is.AtLeast(NaN)));
Say("1, Is.InRange(NaN, 2)", NaN <= 1, () => Assert.That(1.0, Is.InRange(NaN, 2.0)));
Say("NaN, Is.EqualTo(1).Within(0.1)", NaN == 1, () => Assert.That(NaN, Is.EqualTo(1.0).Within(0.1)));
Say("[NaN, 1, 2], Is.Ordered", NaN <= 1, () => Assert.That(new[] { NaN, 1, 2 }, Is.Ordered));
double[] some = [1, NaN, 2];
Console.WriteLine($"[1, NaN, 2]: Max {some.Max()}, MaxBy {some.MaxBy(v => v)}, Min {some.Min()}, MinBy {some.MinBy(v => v)}, Math.Max {Math.Max(1, NaN)}");

static void Say(string what, bool holds, Action check)
{
    bool passes = true;
    try { check(); } catch (AssertionException) { passes = false; }
    Console.WriteLine($"{what}: {(passes ? "passes" : "fails")}, the comparison is {(holds ? "true" : "false")}");
}
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }
dotnet out/check.dll 2>/dev/null >seen
cat seen
cat >expected <<'TEXT'
NaN, Is.LessThan(1e-6): passes, the comparison is false
NaN, Is.AtMost(1e-6): passes, the comparison is false
NaN, Is.Negative: passes, the comparison is false
NaN, Is.GreaterThan(1): fails, the comparison is false
1, Is.GreaterThan(NaN): passes, the comparison is false
1, Is.AtLeast(NaN): passes, the comparison is false
1, Is.InRange(NaN, 2): passes, the comparison is false
NaN, Is.EqualTo(1).Within(0.1): fails, the comparison is false
[NaN, 1, 2], Is.Ordered: passes, the comparison is false
[1, NaN, 2]: Max 2, MaxBy 2, Min NaN, MinBy NaN, Math.Max NaN
TEXT
diff expected seen || { echo "changed"; exit 1; }
echo "as stated: bounds of NUnit hold of NaN, and LINQ's Max leaves it out"
