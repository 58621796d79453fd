using System.Reflection;

namespace KsLottery.Engine.Numerics;

/// <summary>The version of this library, which files and signatures name.</summary>
internal static class LibraryVersion
{
    /// <summary>As in <c>0.1.0</c>.</summary>
    public static string Current { get; } =
        typeof(LibraryVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
