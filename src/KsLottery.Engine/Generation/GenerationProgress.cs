namespace KsLottery.Engine.Generation;

/// <summary>How far the generation has come.</summary>
/// <param name="PromptsDone">Prompts whose continuation is complete.</param>
/// <param name="PromptCount">All prompts.</param>
/// <param name="TokensDone">Positions decided so far, over all prompts; one a prompt and pass, however many beams.</param>
public readonly record struct GenerationProgress(int PromptsDone, int PromptCount, long TokensDone);
