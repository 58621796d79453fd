// The one file that differs where the kernels are compiled against ILGPU: KsLottery.Kernels has LanguageUsings.cs in its place.
global using ILGPU;
global using KsLottery.Kernels.Language;
