// Which words of two reports are only in one of them: what is left beside a longest common subsequence.
const MOST = 4e6; // pairs of words that are compared; beyond, all between the common ends counts as changed

// Returns the places of the words that are gone, and of those that are new.
/** @param {string[]} before @param {string[]} after */
export const changedWords = (before, after) => {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let [end, last] = [before.length, after.length];
  while (end > start && last > start && before[end - 1] === after[last - 1]) {
    end--;
    last--;
  }
  const [rows, columns] = [end - start, last - start];
  /** @type {Set<number>} */
  const gone = new Set();
  /** @type {Set<number>} */
  const fresh = new Set();
  const width = columns + 1;
  const compared = rows * columns <= MOST;
  // How long the common subsequence is of what follows either word.
  const lengths = new Uint16Array(compared ? (rows + 1) * width : 0);
  for (let i = rows - 1; compared && i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      const at = i * width + j;
      lengths[at] =
        before[start + i] === after[start + j]
          ? lengths[at + width + 1] + 1
          : Math.max(lengths[at + width], lengths[at + 1]);
    }
  }
  let [i, j] = [0, 0];
  while (i < rows || j < columns) {
    const at = i * width + j;
    if (compared && i < rows && j < columns && before[start + i] === after[start + j]) {
      i++;
      j++;
    } else if (i < rows && (j === columns || !compared || lengths[at + width] >= lengths[at + 1]))
      gone.add(start + i++);
    else fresh.add(start + j++);
  }
  return { gone, fresh };
};
