namespace KsLottery.Engine.Reports;

/// <summary>How many of very many points lie where, as a small picture.</summary>
internal static class Density
{
    /// <summary>So many points are drawn one by one; more become a picture, whose size does not depend on their number.</summary>
    public const int MaxPoints = 2000;

    /// <summary>The pixels of the picture.</summary>
    public const int Columns = 180, Rows = 110;

    public const double Faintest = 50, Strongest = 245;

    /// <summary>Counts points and turns the counts into opacity, by their logarithm: one point can be seen, a million are not a
    /// blot.</summary>
    /// <param name="places">0 to 1 to the right and upwards.</param>
    /// <returns>Rows from the top, and the largest number of points at a place.</returns>
    public static (byte[] Opacity, int Most) Of(IEnumerable<(double X, double Y)> places)
    {
        int[] counts = new int[Columns * Rows];
        foreach ((double x, double y) in places)
            counts[(Math.Min(Rows - 1, (int)((1 - y) * Rows)) * Columns) + Math.Min(Columns - 1, (int)(x * Columns))]++;
        int most = Math.Max(1, counts.Max());
        double all = Math.Log(1 + most);
        return ([.. counts.Select(n => n == 0 ? (byte)0 : (byte)(Faintest + ((Strongest - Faintest) * Math.Log(1 + n) / all)))], most);
    }
}
