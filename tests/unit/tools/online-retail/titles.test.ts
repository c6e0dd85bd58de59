import fc from "fast-check";
import { slug } from "../../../../src/domains/kernel";
import { bestTitle, slugOf, uniqueSlugs } from "../../../../src/tools/online-retail/titles";

const tally = (entries: Readonly<Record<string, number>>) => new Map(Object.entries(entries));

test("the description of most paid lines is the title, whatever the warehouse remarked", () => {
  const paid = tally({ "WHITE METAL LANTERN": 3, "WHITE METAL LANTERN LARGE": 1, "": 9 });
  expect(bestTitle("71053", paid, tally({ damaged: 20 }))).toBe("WHITE METAL LANTERN");
});

test("for want of paid lines a description in capitals that is no remark", () => {
  const unpaid = tally({ "?": 9, "thrown away": 8, "FOUND": 7, "CHECK": 5, "LUNCH BOX": 1 }); // prettier-ignore
  expect(bestTitle("84950", tally({}), unpaid)).toBe("LUNCH BOX");
});

test("an article nobody ever named bears its code", () => {
  expect(bestTitle("35833G", tally({}), tally({ damages: 1, "": 2 }))).toBe("Article 35833G");
});

test("white space within a title is made single", () => {
  expect(bestTitle("22383", tally({ "LUNCH BAG SUKI  DESIGN": 1 }), tally({}))).toBe("LUNCH BAG SUKI DESIGN");
});

test.each([
  ["POPPY'S PLAYHOUSE BEDROOM", "poppys-playhouse-bedroom"],
  ["CHARLIE+LOLA\"EXTREMELY BUSY\" SIGN", "charlie-lola-extremely-busy-sign"], // prettier-ignore
  ["CAFÉ ÔLE ", "cafe-ole"],
  ["?", ""],
])("the slug of %j is %j", (title, expected) => {
  expect(slugOf(title)).toBe(expected);
});

test("articles of one title, and codes that differ by case only, get slugs of their own", () => {
  const title = "CHILDRENS CUTLERY";
  const articles = ["84997C", "84997c", "84997B", "84997b"].map((code) => ({ code, title }));
  expect(uniqueSlugs(articles)).toEqual([
    "childrens-cutlery",
    "childrens-cutlery-84997c",
    "childrens-cutlery-84997b",
    "childrens-cutlery-84997b-2",
  ]);
});

test("slugs are well formed and unique, whatever the titles are", () => {
  const text = fc.oneof(fc.string(), fc.constantFrom("LUNCH BOX", "lunch box", "?", "LUNCH BOX 1"));
  const article = fc.record({ code: text, title: text });
  fc.assert(
    fc.property(fc.array(article, { maxLength: 12 }), (articles) => {
      const slugs = uniqueSlugs(articles);
      expect(new Set(slugs).size).toBe(articles.length);
      for (const each of slugs) expect(slug.safeParse(each).success).toBe(true);
    }),
  );
});
