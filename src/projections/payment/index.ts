export { type PaymentDocument, payments } from "./payments";
