namespace KsLottery.Engine.Certificates;

/// <summary>How far a certificate has come.</summary>
/// <param name="Stage">What is done, such as <c>embed-tuned model</c>.</param>
/// <param name="Done">Sentence pairs done.</param>
/// <param name="Count">All of them; 0 where the stage has none.</param>
public readonly record struct CertificateProgress(string Stage, int Done, int Count);
