/**
 * Stock codes that stand for services and money, not for goods: what the merchant charges, deducts or pays. Read from
 * the data set itself, by code and description:
 *
 * | code | what it is |
 * |---|---|
 * | POST, DOT, C2 | postage, postage of orders through the partner shop, carriage |
 * | M, m | manual entry |
 * | D, S | discount, samples |
 * | BANK CHARGES, AMAZONFEE, CRUK | fees and a charity's commission |
 * | B | bad debt |
 * | gift_0001_… | gift vouchers: money paid ahead |
 *
 * `DCGS…` (partner shop articles) and `PADS` (cushion pads) are goods.
 */
const CHARGES = new Set(["POST", "DOT", "C2", "M", "m", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "B"]);

export const isCharge = (code: string): boolean => CHARGES.has(code) || code.startsWith("gift_0001_");
