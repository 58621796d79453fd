namespace KsLottery.Demo;

/// <summary>Spanish: hours are feminine, and months and years follow "de".</summary>
internal sealed class Spanish : Language
{
    public override string Name => "Spanish";

    internal override Lexicon Words { get; } = new()
    {
        Persons = English.Words.Persons,
        Cities = Lexicon.List("París, Roma, Viena, Berlín, Londres, Lisboa, Copenhague, Madrid, Praga, Varsovia"),
        Vehicles = Lexicon.List("el tren, el autobús, el barco, el ferri"),
        Buildings = Lexicon.List(
            "el museo, la biblioteca, la escuela, el banco, el mercado, la tienda, la iglesia, el restaurante, el teatro"),
        Wares = Lexicon.List(
            "el libro, la silla, la mesa, la lámpara, el reloj, la bicicleta, el cuadro, el abrigo, el sombrero, el anillo"),
        Places = Lexicon.List(
            "en la casa, en el jardín, en la calle, en la habitación, en la escuela, en el pueblo, en el parque, en la cocina"),
        Nouns = Noun.List(
            "manzanas*, libros, sillas*, cartas*, flores*, huevos, árboles, ventanas*, mesas*, botellas*, caballos, pájaros"),
        Days = Lexicon.List("lunes, martes, miércoles, jueves, viernes, sábado, domingo"),
        Months = Lexicon.List(
            "enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre"),
        Clock =
        [
            "{0}", "{0} y cinco", "{0} y diez", "{0} y cuarto", "{0} y veinte", "{0} y veinticinco",
            "{0} y media", "{1} menos veinticinco", "{1} menos veinte", "{1} menos cuarto", "{1} menos diez", "{1} menos cinco",
        ],
        Sentences =
        [
            "{0} a {1} sale {2} {3}.",
            "{0} abre {1} y cierra {2}.",
            "{0} cuesta {1} euros.",
            "{0} tiene {1}.",
            "hay {0} {1}.",
            "{0} nació {1} de {2}.",
            "hoy es {0}, {1}.",
            "{0} se levanta {1} de la mañana.",
            "{0} tiene {1} años y vive en {2}.",
        ],
    };

    internal override string Number(int number, NumberForm form) => WrittenNumbers.Spanish(number, form);

    internal override string Date(int day, int month) =>
        $"{(day == 1 ? "primero" : WrittenNumbers.Spanish(day))} de {Words.Months[month - 1]}";

    protected override string OnDate(int day, int month) => "el " + Date(day, month);

    protected override string OnDay(string day) => "el " + day;

    protected override string At(string time) => "a " + time;

    protected override string Hour(int hour) => (hour == 1 ? "la " : "las ") + WrittenNumbers.Spanish(hour, NumberForm.Feminine);
}
