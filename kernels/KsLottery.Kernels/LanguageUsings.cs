// The one file that differs where the kernels are compiled against ILGPU: there it names ILGPU's namespaces.
global using KsLottery.Kernels.Language;
