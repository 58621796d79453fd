using System.Reflection;
using System.Text;

namespace KsLottery.Engine.Tests.Api;

/// <summary>Writes the public surface of an assembly as text, one member a line, in a stable order.</summary>
internal static class PublicApi
{
    public static string Describe(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(Name(type)).Append(Bases(type)).Append('\n');
            if (type.IsEnum)
            {
                foreach (string name in Enum.GetNames(type))
                    text.Append("    ").Append(name).Append(" = ").Append(Convert.ToInt64(Enum.Parse(type, name), null)).Append('\n');
                continue;
            }
            const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            IEnumerable<string> members = type.GetMembers(Declared).Where(IsVisible).Select(Describe).OfType<string>();
            foreach (string member in members.Order(StringComparer.Ordinal)) text.Append("    ").Append(member).Append('\n');
        }
        return text.ToString();
    }

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string Bases(Type type)
    {
        if (type.IsEnum || type.IsInterface) return "";
        string[] names =
        [
            .. type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? [Name(b)] : Array.Empty<string>(),
            .. type.GetInterfaces().Where(i => i == typeof(IDisposable)).Select(Name),
        ];
        return names.Length == 0 ? "" : " : " + string.Join(", ", names);
    }

    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsVisible),
        _ => false,
    };

    private static string? Describe(MemberInfo member) => member switch
    {
        // What the compiler writes for records says nothing about our choices.
        MethodInfo { IsSpecialName: true } => null,
        { Name: "Equals" or "GetHashCode" or "ToString" or "PrintMembers" or "<Clone>$" or "EqualityContract" } => null,
        MethodInfo method => $"{Static(method)}{Name(method.ReturnType)} {method.Name}{Generics(method)}({Parameters(method)})",
        ConstructorInfo { IsStatic: true } => null,
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        PropertyInfo property => $"{Static(property.GetAccessors(nonPublic: true)[0])}{Name(property.PropertyType)} {property.Name} {{ {Accessors(property)}}}",
        FieldInfo field => $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
        _ => null,
    };

    private static string Accessors(PropertyInfo property)
    {
        string get = property.GetMethod is { } g && IsVisible(g) ? "get; " : "";
        bool init = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Any(m => m.Name == "IsExternalInit") == true;
        string set = property.SetMethod is { } s && IsVisible(s) ? init ? "init; " : "set; " : "";
        return get + set;
    }

    private static string Static(MethodBase method) => method.IsStatic ? "static " : "";

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p =>
        $"{(p.ParameterType.IsByRef ? p.IsOut ? "out " : p.IsIn ? "in " : "ref " : "")}{Name(p.ParameterType)} {p.Name}{(p.HasDefaultValue ? " = " + (p.DefaultValue ?? "null") : "")}"));

    private static string Name(Type type)
    {
        if (type.IsByRef) return Name(type.GetElementType()!);
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Name(underlying) + "?";
        if (type.IsGenericParameter) return type.Name;
        string name = type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true ? type.Name : type.FullName ?? type.Name;
        if (!type.IsGenericType) return name;
        return $"{(type.IsGenericTypeDefinition ? name : type.Name).Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
