type Column = Int32Array | Float64Array;

/** What the values of each column are, by its name. */
export type Schema<Columns> = { readonly [Name in keyof Columns]: Columns[Name] extends Int32Array ? "int" : "float" };

/** A row of a table. */
export type Row<Columns> = { readonly [Name in keyof Columns]: number };

const MAKERS = { int: Int32Array, float: Float64Array } as const;
const FIRST_CAPACITY = 64;

/** Columns that grow by rows. */
export class Table<Columns> {
  /** How many rows there are. */
  length = 0;
  readonly #schema: readonly [name: keyof Columns, kind: "int" | "float"][];
  #columns: Record<keyof Columns, Column>;
  #capacity = FIRST_CAPACITY;

  /** Makes an empty one. */
  constructor(schema: Schema<Columns>) {
    this.#schema = Object.entries(schema) as [keyof Columns, "int" | "float"][];
    this.#columns = this.#copied((_name, kind) => new MAKERS[kind](FIRST_CAPACITY));
  }

  /** The columns as they are now, with room behind the last row. */
  get columns(): Columns {
    return this.#columns as Columns;
  }

  /** Adds a row; returns its number. */
  add(row: Row<Columns>): number {
    if (this.length === this.#capacity) {
      this.#capacity *= 2;
      this.#columns = this.#copied((name, kind) => {
        const grown = new MAKERS[kind](this.#capacity);
        grown.set(this.#columns[name]);
        return grown;
      });
    }
    for (const [name] of this.#schema) this.#columns[name][this.length] = row[name];
    return this.length++;
  }

  /** The columns without room behind the last row. */
  finish(): Columns {
    return this.#copied((name) => this.#columns[name].slice(0, this.length)) as Columns;
  }

  #copied(copy: (name: keyof Columns, kind: "int" | "float") => Column): Record<keyof Columns, Column> {
    return Object.fromEntries(this.#schema.map(([name, kind]) => [name, copy(name, kind)])) as Record<
      keyof Columns,
      Column
    >;
  }
}
