// What is shown of many studies is asked for once, a batch at a time, the newest wish first.
const AT_ONCE = 24; // dashboard/atlas/service.py and dashboard/beta_lab/service.py read as many films for one request

/**
 * @template Key, Value
 */
export class Fetched {
  // most: keys of one request.
  /** @param {(keys: Key[]) => void} ask @param {number} [most] */
  constructor(ask, most = AT_ONCE) {
    this.ask = ask;
    this.most = most;
    this.clear();
  }

  clear() {
    /** @type {Map<Key, Value | null>} */
    this.known = new Map();
    /** @type {Key[]} */
    this.wanted = [];
    /** @type {Key[] | null} */
    this.asking = null;
  }

  // null: there is none; undefined: that is not known yet.
  /** @param {Key} key */
  get(key) {
    return this.known.get(key);
  }

  // Only what is wanted now is fetched: who moves on does not wait for what was passed. And one request at a time: of
  // two answers in one frame a widget would see the second alone.
  /** @param {Key[]} keys */
  want(keys) {
    this.wanted = keys.filter((key) => !this.known.has(key));
    if (this.asking || !this.wanted.length) return;
    this.asking = this.wanted.slice(0, this.most);
    this.ask(this.asking);
  }

  /** @param {[Key, Value | null][]} found */
  take(found) {
    for (const key of this.asking ?? []) this.known.set(key, null); // unless it came
    for (const [key, value] of found) this.known.set(key, value);
    this.asking = null;
    this.want(this.wanted);
  }
}
